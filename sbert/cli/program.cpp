#include "sbert/cli/program.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/base/stop_token.h"
#include "sbert/cli/commands.h"

namespace sbert {
namespace {

void print_help() {
  std::string text =
      "sbert: the whole life of a sentence-embedding model, in one program.\n\n"
      "Usage: sbert COMMAND [OPTIONS]      sbert COMMAND --help      sbert "
      "--version\n\nCommands:\n";
  for (const Command& command : all_commands()) {
    std::string name(command.name);
    name.resize(12, ' ');
    text += concat("  ", name, command.summary, "\n");
  }
  text +=
      "\nEvery command: --quiet leaves out progress and notes.\n"
      "Exit codes: 0 done, 2 usage error, 3 invalid input file, 4 I/O error,\n"
      "            70 internal error, 130 interrupted.\n";
  std::fputs(text.c_str(), stdout);
}

const Command& find_command(const std::string& name) {
  const auto commands = all_commands();
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const Command& command) { return command.name == name; });
  if (found == commands.end()) {
    fail(ErrorKind::kUsage, concat("no such command (sbert --help lists them): ", name));
  }
  return *found;
}

// A file that takes the number of a closed stream would get what is printed there. So the number is
// taken by what cannot be read, or written: who tries is told, as by a closed one.
void open_closed_streams() {
  for (const auto& [stream, mode] :
       {std::pair{STDIN_FILENO, O_WRONLY}, std::pair{STDOUT_FILENO, O_RDONLY},
        std::pair{STDERR_FILENO, O_WRONLY}}) {
    if (::fcntl(stream, F_GETFD) < 0) ::open("/dev/null", mode);  // takes the lowest number free
  }
}

int run(Arguments words, Backend& backend) {
  set_quiet(std::erase(words, "--quiet") > 0);
  backend.check_installation();
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return words.empty() ? exit_code(ErrorKind::kUsage) : 0;
  }
  if (words[0] == "--version") {
    std::puts(backend.version().c_str());
    return 0;
  }
  const Command& command = find_command(words[0]);
  words.erase(words.begin());
  command.run(words, backend);
  return 0;
}

int run_and_flush(Arguments words, Backend& backend) {
  const int code = run(std::move(words), backend);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fail(ErrorKind::kIo, "cannot write to stdout");
  }
  return code;
}

int report(ErrorKind kind, std::string_view message) {
  if (message.empty()) return exit_code(kind);  // the command has said it
  print_above_progress(concat("sbert: ", message, "\n"));
  return exit_code(kind);
}

// The one place where errors become exit codes.
int exit_code_of(int argc, char** argv, Backend& backend) {
  open_closed_streams();
  catch_stop_signals();
  try {
    return run_and_flush(Arguments(argv + (argc > 0 ? 1 : 0), argv + argc), backend);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInternal) return report(error.kind(), error.what());
    return report(error.kind(), concat("internal error: ", error.what(), " (",
                                       error.where().file_name(), ":", error.where().line(), ")"));
  } catch (const std::bad_alloc&) {
    return report(ErrorKind::kIo, "out of memory; a smaller batch or fewer threads need less");
  } catch (const std::exception& error) {
    return report(ErrorKind::kInternal, concat("internal error: ", error.what()));
  }
}

}  // namespace

void run_program(int argc, char** argv, Backend& backend) {
  const int code = exit_code_of(argc, argv, backend);
  // libtorch would take its tables of operators down piece by piece, in a tenth of a second.
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace sbert
