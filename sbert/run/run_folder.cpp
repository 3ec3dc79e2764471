#include "sbert/run/run_folder.h"

#include <array>
#include <system_error>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/run/checkpoint_folder.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLog = "nemo_log_globalrank-0_localrank-0.txt";
constexpr const char* kErrorLog = "nemo_error_log.txt";
constexpr const char* kCommand = "cmd-args.log";
constexpr const char* kConfig = "hparams.yaml";
constexpr const char* kGit = "git-info.log";

void move_earlier_logs(const fs::path& folder) {
  constexpr std::array kNames{kLog, kErrorLog, kCommand, kConfig, kGit};
  fs::path earlier;
  for (const char* name : kNames) {
    if (!fs::exists(folder / name)) continue;
    for (int i = 0; earlier.empty(); ++i) {
      const fs::path candidate = folder / concat("run_", i);
      if (fs::exists(candidate)) continue;
      make_folder(candidate);
      earlier = candidate;
    }
    std::error_code error;
    fs::rename(folder / name, earlier / name, error);
    if (error) fail(ErrorKind::kIo, concat(folder / name, ": cannot move: ", error.message()));
  }
}

std::string first_line(const fs::path& path) {
  if (!fs::is_regular_file(path)) return "";
  const std::string text = read_file(path);
  return text.substr(0, text.find('\n'));
}

// The commit of a branch that stands in a file of its own, or in packed-refs.
std::string commit_of(const fs::path& git, const std::string& branch) {
  if (const std::string loose = first_line(git / branch); !loose.empty()) return loose;
  if (!fs::is_regular_file(git / "packed-refs")) return "";
  const std::string packed = read_file(git / "packed-refs");
  const std::size_t at = packed.find(concat(' ', branch, '\n'));
  if (at == packed.npos) return "";
  const std::size_t start = packed.rfind('\n', at) + 1;  // npos + 1 is 0
  return packed.substr(start, at - start);
}

}  // namespace

std::string git_commit(const fs::path& folder) {
  std::error_code error;
  for (fs::path at = fs::absolute(folder, error); !error; at = at.parent_path()) {
    const fs::path git = at / ".git";
    const std::string head = first_line(git / "HEAD");
    if (head.starts_with("ref: ")) {
      const std::string branch = head.substr(5);
      return concat("commit ", commit_of(git, branch), "\nbranch ", branch, "\n");
    }
    if (!head.empty()) return concat("commit ", head, "\n");
    if (at == at.parent_path()) break;
  }
  return "";
}

void open_run_folder(const fs::path& folder,
                     const std::string& command_line,
                     const std::string& config) {
  make_folder(folder);
  remove_temporary_files(folder);
  move_earlier_logs(folder);
  log_to_file((folder / kLog).string(), (folder / kErrorLog).string());
  write_file_atomically(folder / kConfig, config);
  write_file_atomically(folder / kCommand, command_line + "\n");
  if (const std::string git = git_commit(fs::current_path()); !git.empty()) {
    write_file_atomically(folder / kGit, git);
  }
}

}  // namespace sbert
