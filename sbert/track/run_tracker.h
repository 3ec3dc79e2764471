#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "sbert/base/metrics.h"
#include "sbert/base/stop_token.h"
#include "sbert/track/metric_logger.h"
#include "sbert/track/metrics_file.h"
#include "sbert/track/tracking_options.h"

namespace sbert {

/// Takes the metrics of a training run to metrics.jsonl, TensorBoard and Weights & Biases, all
/// under the folder of the run.
///
/// metrics.jsonl must be written; what goes wrong elsewhere is one warning, and that place gets no
/// more of the run. log() does not wait for a network.
class RunTracker {
 public:
  /// @param folder of the run; it exists
  /// @param config the resolved configuration, a JSON object
  /// @param step   updates done before: 0, or that of the checkpoint that training resumes from.
  ///               What earlier starts logged after it is dropped (metrics.jsonl, TensorBoard). A
  ///               step above 0 continues the run of Weights & Biases that `folder` remembers.
  /// @throws Error(kIo) if metrics.jsonl cannot be written, Error(kUsage) if an option is wrong
  RunTracker(const std::filesystem::path& folder,
             const TrackingOptions& options,
             std::string_view config,
             std::int64_t step);
  /// Without finish(), the run is one that was killed.
  ~RunTracker();
  RunTracker(const RunTracker&) = delete;
  RunTracker& operator=(const RunTracker&) = delete;

  /// Takes what was measured after `step` updates; several calls may name one step.
  /// @throws Error(kIo) if metrics.jsonl cannot be written
  void log(std::int64_t step, const Metrics& metrics);

  /// Says that the run is over, with the exit code of the program. With a live sync, waits for it,
  /// up to a minute or until a stop is requested. Never throws; a second call does nothing.
  void finish(int exit_code, const StopToken& stop = {});

 private:
  struct Place {
    std::string_view name;
    std::unique_ptr<MetricLogger> logger;
  };
  template <typename Make>
  void open(std::string_view name, Make&& make);
  template <typename Work>
  void for_each_place(Work&& work);

  MetricsFile metrics_;
  std::vector<Place> places_;
};

}  // namespace sbert
