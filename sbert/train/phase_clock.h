#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/metrics.h"

namespace sbert {

/// What a training run spends its time on.
enum class Phase { kOther, kData, kGradient, kOptimizer, kValidation, kSave, kMining };

/// Sums up where the time of a stretch of training goes. One thread.
class PhaseClock {
 public:
  PhaseClock() { restart(); }

  /// Begins a new stretch.
  void restart() {
    seconds_ = {};
    since_ = Clock::now();
  }

  /// From now on time counts for this phase; what went before, for the one before.
  void enter(Phase phase) {
    const Clock::time_point now = Clock::now();
    seconds_[static_cast<std::size_t>(phase_)] +=
        std::chrono::duration<double>(now - since_).count();
    since_ = now;
    phase_ = phase;
  }

  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  double total() const {
    double sum = 0;
    for (const double each : seconds_)
      sum += each;
    return sum;
  }
  /// Seconds of training itself: data, gradient, optimizer.
  double training() const {
    return seconds(Phase::kData) + seconds(Phase::kGradient) + seconds(Phase::kOptimizer);
  }

  /// "time_share/data", ...: parts of the stretch that add up to 1.
  Metrics shares() const {
    constexpr std::array kNames{"other",      "data", "gradient", "optimizer",
                                "validation", "save", "mining"};
    Metrics metrics;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      metrics.push_back(
          {concat("time_share/", kNames[i]), total() > 0 ? seconds_[i] / total() : 0});
    }
    return metrics;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::array<double, 7> seconds_{};
  Phase phase_ = Phase::kOther;
  Clock::time_point since_;
};

}  // namespace sbert
