#pragma once

#include <cstdint>

#include "sbert/run/train_options.h"

namespace sbert {

/// How long a run is, and how its learning rate goes over it.
struct RunPlan {
  std::int64_t last_step = 0;  ///< updates of the whole run
  std::int64_t validation_interval = 0;
  ScheduleOptions schedule;
  std::int64_t schedule_steps = 0;  ///< updates that the schedule is stretched over
};

/// trainer.max_steps or trainer.max_epochs, whichever ends first. Without max_epochs the schedule
/// is NeMo's to the letter: over max_steps, so that it ends in min_lr right after warm-up if
/// max_steps is less than warmup_steps + constant_steps; a warning says so. With max_epochs, which
/// NeMo's schedule ignores, it is stretched over the real number of updates, and what does not fit
/// into them is cut: constant_steps to 0, a warm-up to a tenth of the run; a line of log says so.
RunPlan plan_run(const TrainOptions& options, std::int64_t steps_per_epoch);

/// Warns if the run ends before its warm-up does, which without max_epochs nothing cuts.
void warn_of_warmup(const TrainOptions& options);

}  // namespace sbert
