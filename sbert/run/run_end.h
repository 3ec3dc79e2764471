#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "sbert/base/stop_token.h"
#include "sbert/dist/process_group.h"

namespace sbert {

/// How a run came to its end.
enum class RunEnd {
  kFinished,     ///< all updates are done, or early stopping ended them
  kAskedToStop,  ///< by SIGINT or SIGTERM; the state is saved
  kTimeIsUp,     ///< exp_manager.max_time_per_run; the state is saved
};

/// Whether a run ends before it is finished. The time counts from when this is made.
class EarlyEnd {
 public:
  /// @param group whose processes end together, if one of them has a reason to; outlives this
  EarlyEnd(StopToken stop, std::optional<double> max_seconds, ProcessGroup& group)
      : stop_(std::move(stop)), max_seconds_(max_seconds), group_(group) {}

  /// To be called in all processes.
  /// @return the reason; nullopt: the run goes on
  std::optional<RunEnd> reason() const;

 private:
  using Clock = std::chrono::steady_clock;

  StopToken stop_;
  std::optional<double> max_seconds_;
  ProcessGroup& group_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace sbert
