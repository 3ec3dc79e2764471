#pragma once

#include <cstdint>

#include "sbert/base/metrics.h"

namespace sbert {

/// A place that takes the metrics of a run.
class MetricLogger {
 public:
  virtual ~MetricLogger() = default;

  /// Takes what was measured after `step` optimizer updates; several calls may name one step.
  /// @throws Error(kIo)
  virtual void log(std::int64_t step, const Metrics& metrics) = 0;

  /// Says that the run is over, with the exit code of the program. Nothing comes after it.
  /// @throws Error(kIo)
  virtual void finish(int exit_code) = 0;
};

}  // namespace sbert
