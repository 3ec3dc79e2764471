#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sbert/base/metrics.h"
#include "sbert/dist/process_group.h"
#include "sbert/train/training_batch.h"

namespace sbert {

/// What a training run spends its time on.
enum class Phase { kOther, kData, kGradient, kOptimizer, kValidation, kSave, kMining };

/// Sums up where the time of a stretch of training goes. One thread.
class PhaseClock {
 public:
  PhaseClock() { restart(); }

  /// Begins a new stretch.
  void restart();
  /// From now on time counts for this phase; what went before, for the one before.
  void enter(Phase phase);

  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  double total() const;
  /// Seconds of training itself: data, gradient, optimizer.
  double training() const;

  /// "time_share/data", ...: parts of the stretch that add up to 1.
  Metrics shares() const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kNumPhases = 7;

  std::array<double, kNumPhases> seconds_{};
  Phase phase_ = Phase::kOther;
  Clock::time_point since_;
};

/// How fast the updates since the last logged line were.
class Throughput {
 public:
  /// @param group outlives this
  explicit Throughput(ProcessGroup& group) : group_(group) {}

  /// Begins a new stretch.
  void restart();
  /// Counts an update.
  /// @param micro_batches those of this process have tokens
  void add(const std::vector<MicroBatch>& micro_batches);

  /// "train_step_timing in s"; "tokens_per_second" of all processes; the clock's shares of time. Of
  /// several processes also "communication_wait_share", the part of all time in which this one
  /// waited for messages, whatever phase it was in, and "communication_bytes_per_step" that it
  /// sent. To be called in all processes.
  /// @param clock of the same stretch
  Metrics metrics(const PhaseClock& clock) const;

 private:
  ProcessGroup& group_;
  std::int64_t steps_ = 0;
  std::int64_t tokens_ = 0;
  Traffic before_;
};

}  // namespace sbert
