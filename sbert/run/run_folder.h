#pragma once

#include <filesystem>
#include <string>

namespace sbert {

/// Makes the folder of a run ready, as NeMo's exp_manager does: the logs that an earlier start left
/// there go to run_0/, run_1/, ...; then nemo_log_globalrank-0_localrank-0.txt (every line of the
/// log from here on), nemo_error_log.txt (its warnings), cmd-args.log, hparams.yaml, and, if the
/// program was started within a git repository, git-info.log. metrics.jsonl, event files and
/// existing checkpoints are kept and resumed from.
/// @param command_line for cmd-args.log
/// @param config       YAML, for hparams.yaml
/// @throws Error(kIo)
void open_run_folder(const std::filesystem::path& folder,
                     const std::string& command_line,
                     const std::string& config);

/// The commit that a repository's working tree is at, and its branch, by the files of .git in
/// `folder` or one above it; empty if there is none.
std::string git_commit(const std::filesystem::path& folder);

}  // namespace sbert
