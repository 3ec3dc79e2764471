#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace sbert {

/// What earlier starts of a run of Weights & Biases left on disk.
struct WandbPast {
  std::int64_t num_starts = 0;  ///< logs found
  std::int64_t num_rows = 0;    ///< of history: one above the largest `_step`
  double runtime = 0;           ///< the largest `_runtime`, seconds
  std::int64_t last_start = 0;  ///< when the last one began, seconds since 1970
  /// Logs that wandb-core has not marked as sent, oldest first.
  std::vector<std::filesystem::path> unsent;
};

/// Reads the folders *run-*-ID in `wandb_folder`. A record cut short at the end of a log, as a
/// killed program leaves, is cut off, so that `wandb sync` takes the file for whole; a log that is
/// damaged counts up to there, and is left as it is.
/// @throws Error(kIo), Error(kInput) if a log is none
WandbPast read_wandb_past(const std::filesystem::path& wandb_folder, std::string_view id);

}  // namespace sbert
