#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sbert/base/stop_token.h"
#include "sbert/track/wandb_environment.h"

namespace sbert {

/// Sends the log of a run to the service of Weights & Biases while it grows, by a wandb-core
/// process of its own (wandb 0.31) that is asked over a socket to sync the file.
///
/// All waiting is done on a thread of its own. When something fails, one warning names the command
/// that sends the log later, and that is all. The process ends with this object, or with the
/// program, however that ends.
class WandbSync {
 public:
  /// @param earlier logs of earlier starts of the run, which are sent before, in this order
  /// @param log_path the run-ID.wandb that is written
  /// @throws Error(kIo) if environment.program cannot be started
  WandbSync(const WandbEnvironment& environment,
            const std::vector<std::filesystem::path>& earlier,
            const std::filesystem::path& log_path);
  ~WandbSync();
  WandbSync(const WandbSync&) = delete;
  WandbSync& operator=(const WandbSync&) = delete;

  /// Waits until the service has all of a log that is complete, or until `longest` has gone by or a
  /// stop is requested, with a warning then.
  /// @return true if the log has been sent
  bool finish(std::chrono::milliseconds longest, const StopToken& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The command that sends what is on disk of the run that has this log, of all its starts.
std::string wandb_sync_command(const std::filesystem::path& log_path);

}  // namespace sbert
