#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sbert/run/exp_manager_options.h"

namespace sbert {

/// The checkpoints of a run, under NeMo's names:
/// `NAME--METRIC=0.12-step=100-consumed_samples=800.0` with `.ckpt` for the best and `-last.ckpt`
/// for the newest. The metric in a name has six digits after the point, so that a restarted run
/// ranks as the first did.
class CheckpointFolder {
 public:
  /// Makes the folder if need be, removes temporary files that a killed run left, and does what it
  /// had yet to do after it wrote its last checkpoint.
  CheckpointFolder(std::filesystem::path folder,
                   std::string name,
                   const CheckpointOptions& options);

  /// The newest checkpoint, if there is one.
  std::optional<std::filesystem::path> last() const;
  /// The one with the best score of those that were kept, if one was.
  std::optional<std::filesystem::path> best() const;
  /// Whether the last one was saved with a score of the monitored metric.
  bool last_has_score() const;

  /// Writes a checkpoint as the last one, keeps it also among the best if `score`, the value of the
  /// monitored metric, deserves it, and then removes what it replaces.
  /// @param write called once with the path that the checkpoint must appear at, atomically
  void save(std::int64_t step,
            std::int64_t consumed_samples,
            std::optional<double> score,
            const std::function<void(const std::filesystem::path&)>& write);

 private:
  struct Ranked {
    double score;
    std::filesystem::path path;
  };
  std::vector<Ranked> ranked() const;  // best first
  void settle(const std::filesystem::path& last);
  void keep_best(const std::filesystem::path& last);

  std::filesystem::path folder_;
  std::string name_;
  std::string metric_;  // the monitored one, as in names of files
  CheckpointOptions options_;
};

/// Removes the temporary files and folders that a killed run left in a folder of its own.
/// @throws Error(kIo)
void remove_temporary_files(const std::filesystem::path& folder);

}  // namespace sbert
