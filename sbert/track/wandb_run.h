#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "sbert/track/metric_logger.h"
#include "sbert/track/wandb_log.h"
#include "sbert/track/wandb_options.h"
#include "sbert/track/wandb_past.h"

namespace sbert {

class ProtobufWriter;

/// An id for a new run: eight random characters of a-z and 0-9.
std::string new_wandb_run_id();

/// True if `id` can name a run and its files: 1 to 128 letters, digits, '-', '_' or '.'; no '.'
/// first.
bool is_wandb_run_id(std::string_view id);

/// Writes a run of Weights & Biases to disk, as its client does offline:
/// SAVE_DIR/wandb/offline-run-YYYYMMDD_HHMMSS-ID/{run-ID.wandb,files/,logs/}. Each start of a
/// program makes a folder; folders of one id are one run.
///
/// Each log() is a row of the run's history: its metrics, `trainer/global_step` (the training
/// step, to which charts are drawn), `_step` (the row, counted over all starts), `_runtime`
/// (seconds, over all starts) and `_timestamp`. The newest value of each is the run's summary.
class WandbRun : public MetricLogger {
 public:
  /// Begins a folder. Where `save_dir` has earlier ones of this id, the run is marked as resumed,
  /// and rows and time go on after theirs (read_wandb_past).
  /// @param is_new_id `id` was drawn just now; else the service may have rows of it, and adds to
  /// them
  /// @param config a JSON object; each of its keys is one of the run's configuration
  /// @throws Error(kIo), Error(kInternal) if `config` is no JSON object
  WandbRun(const WandbOptions& options,
           const std::filesystem::path& save_dir,
           const std::string& id,
           bool is_new_id,
           std::string_view config);

  void log(std::int64_t step, const Metrics& metrics) override;
  void finish(int exit_code, const StopToken& stop) override;

  const std::filesystem::path& log_path() const { return log_.path(); }
  const WandbPast& past() const { return start_.past; }

 private:
  using Clock = std::chrono::steady_clock;
  // When this start began, and what the earlier ones left.
  struct Start {
    std::filesystem::path log_path;
    std::int64_t unix_seconds = 0;
    WandbPast past;
  };
  static Start begin(const std::filesystem::path& save_dir, const std::string& id);

  void write(int field, const ProtobufWriter& content);
  void write_run(const WandbOptions& options, bool is_new_id, std::string_view config);
  void define_metrics(const Metrics& metrics);
  double runtime() const;

  std::string id_;
  Start start_;
  Clock::time_point start_time_ = Clock::now();
  WandbLogWriter log_;
  std::int64_t num_records_ = 0;
  std::int64_t row_ = 0;
  std::set<std::string, std::less<>> defined_;
};

}  // namespace sbert
