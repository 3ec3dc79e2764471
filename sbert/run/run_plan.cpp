#include "sbert/run/run_plan.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/base/significant.h"

namespace sbert {
namespace {

void fit_into(std::int64_t steps, ScheduleOptions& schedule) {
  if (schedule.num_warmup_steps(steps) >= steps) {
    log_info(concat("model.optim.sched.warmup_steps (", schedule.warmup_steps,
                    ") is cut to a tenth of the run's ", steps, " updates"));
    schedule.warmup_ratio.reset();
    schedule.warmup_steps = steps / 10;
  }
  if (schedule.constant_steps > 0 &&
      steps < schedule.num_warmup_steps(steps) + schedule.constant_steps) {
    log_info(concat("model.optim.sched.constant_steps (", schedule.constant_steps,
                    ") does not fit into the run's ", steps,
                    " updates: the learning rate falls until the end of the run"));
    schedule.constant_steps = 0;
  }
}

void warn_of_constant_steps(const ScheduleOptions& schedule, std::int64_t steps) {
  const std::int64_t warmup = schedule.num_warmup_steps(steps);
  if (schedule.name != "CosineAnnealing" || schedule.constant_steps == 0 || warmup >= steps ||
      steps >= warmup + schedule.constant_steps) {
    return;
  }
  log_warning(concat("the learning rate falls to model.optim.sched.min_lr (", schedule.min_lr,
                     ") right after warm-up, since trainer.max_steps (", steps,
                     ") is less than warmup_steps (", warmup, ") + constant_steps (",
                     schedule.constant_steps,
                     "); set model.optim.sched.constant_steps=0 for a whole cosine"));
}

}  // namespace

void warn_of_warmup(const TrainOptions& options) {
  const OptimOptions& optim = options.model.optim;
  const std::int64_t steps = options.trainer.max_steps;
  if (options.trainer.max_epochs >= 0 || optim.sched.num_warmup_steps(steps) < steps) return;
  log_warning(concat("the learning rate never reaches model.optim.lr (", optim.lr, ") but ends at ",
                     significant(learning_rate(optim.sched, optim.lr, steps, steps - 1), 3),
                     ", since model.optim.sched.warmup_steps (", optim.sched.warmup_steps,
                     ") is not below trainer.max_steps (", steps,
                     "); lower it, or set model.optim.sched.warmup_ratio=0.1"));
}

RunPlan plan_run(const TrainOptions& options, std::int64_t steps_per_epoch) {
  const TrainerOptions& trainer = options.trainer;
  RunPlan plan{.last_step = trainer.max_steps,
               .validation_interval = trainer.validation_interval(steps_per_epoch),
               .schedule = options.model.optim.sched,
               .schedule_steps = trainer.max_steps};
  if (trainer.max_epochs < 0) {
    warn_of_constant_steps(plan.schedule, trainer.max_steps);
    return plan;
  }
  const std::int64_t by_epochs = trainer.max_epochs * steps_per_epoch;
  plan.last_step = trainer.max_steps < 0 ? by_epochs : std::min(trainer.max_steps, by_epochs);
  plan.schedule_steps = std::max(std::int64_t{1}, plan.last_step);
  fit_into(plan.schedule_steps, plan.schedule);
  return plan;
}

}  // namespace sbert
