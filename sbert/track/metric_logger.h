#pragma once

#include <cstdint>

#include "sbert/base/metrics.h"
#include "sbert/base/stop_token.h"

namespace sbert {

/// A place that takes the metrics of a run.
class MetricLogger {
 public:
  virtual ~MetricLogger() = default;

  /// Takes what was measured after `step` optimizer updates; several calls may name one step.
  /// @throws Error(kIo)
  virtual void log(std::int64_t step, const Metrics& metrics) = 0;

  /// Says that the run is over, with the exit code of the program. Nothing comes after it.
  /// @param stop ends what waiting it may need
  /// @throws Error(kIo)
  virtual void finish(int exit_code, const StopToken& stop) = 0;
};

}  // namespace sbert
