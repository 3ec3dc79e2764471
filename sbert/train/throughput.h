#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/metrics.h"
#include "sbert/dist/process_group.h"
#include "sbert/train/phase_clock.h"
#include "sbert/train/training_batch.h"

namespace sbert {

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
