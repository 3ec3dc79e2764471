#include "sbert/cli/torch_program.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/stop_token.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersionVariable = "SBERT_STARTED_BY_VERSION";

// Blocked signals stay pending over execv(), so that none is lost between the two programs.
void set_stop_signals_blocked(bool is_blocked) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  sigprocmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

const std::string_view kVersion = SBERT_VERSION;

fs::path torch_program() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  return folder.parent_path() / "libexec/sbert/sbert-torch";
}

bool is_torch_program_installed() {
  return ::access(torch_program().c_str(), X_OK) == 0;
}

void become_torch_program(char** argv, std::string_view need) {
  const fs::path program = torch_program();
  if (!fs::exists(program)) {
    fail(ErrorKind::kUsage,
         concat(need, " needs sbert-torch, which is not installed: looked for ", program.native(),
                "; build it with ./run build, or install sbert with torch"));
  }
  ::setenv(kVersionVariable, std::string(kVersion).c_str(), 1);
  set_stop_signals_blocked(true);
  signal_stop_token().throw_if_stopped();
  ::execv(program.c_str(), argv);
  fail(ErrorKind::kIo, concat("cannot start ", program.native(), ": ", std::strerror(errno)));
}

void check_version_of_starter() {
  const char* variable = std::getenv(kVersionVariable);
  if (variable == nullptr) return;
  const std::string starter(variable);
  ::unsetenv(kVersionVariable);  // not for the processes that this one starts
  set_stop_signals_blocked(false);
  if (starter != kVersion) {
    fail(ErrorKind::kUsage, concat("sbert is version ", starter, " and sbert-torch version ",
                                   kVersion, "; install both from the same build"));
  }
}

}  // namespace sbert
