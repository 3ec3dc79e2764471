#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sbert/track/metric_logger.h"
#include "sbert/track/wandb_environment.h"
#include "sbert/track/wandb_run.h"
#include "sbert/track/wandb_sync.h"

namespace sbert {

/// A run of Weights & Biases as a training run keeps it: always written to disk, and sent while it
/// grows where that is wanted and possible.
///
/// It is wanted unless options.offline or WANDB_MODE=offline says no; possible with wandb-core and
/// an API key. If it is asked for (offline=false, WANDB_MODE=online) and not possible, a warning
/// says why; either way a line names the command that sends what is on disk.
class WandbLogger : public MetricLogger {
 public:
  /// @param folder of the training run; its file wandb_run_id keeps the id of the run
  /// @param step above 0: training goes on, and so does the run whose id `folder` has
  /// @throws Error(kIo)
  WandbLogger(const std::filesystem::path& folder,
              const WandbOptions& options,
              const WandbEnvironment& environment,
              std::string_view config,
              std::int64_t step);

  void log(std::int64_t step, const Metrics& metrics) override { run_.log(step, metrics); }
  /// With a live sync, waits for it, up to a minute or until a stop is requested.
  void finish(int exit_code, const StopToken& stop) override;

  const std::string& run_id() const { return id_.id; }

 private:
  struct RunId {
    std::string id;
    bool is_new = false;  // drawn just now
  };
  static RunId find_id(const std::filesystem::path& folder,
                       const WandbOptions& options,
                       std::int64_t step);
  void begin_sync(const WandbOptions& options, const WandbEnvironment& environment);

  RunId id_;
  WandbRun run_;
  std::optional<WandbSync> sync_;
};

}  // namespace sbert
