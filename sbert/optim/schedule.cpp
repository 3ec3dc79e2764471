#include "sbert/optim/schedule.h"

#include <cmath>
#include <numbers>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

void ScheduleOptions::validate(double lr) const {
  if (name != "CosineAnnealing") {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.name is not known; use CosineAnnealing: ", name));
  }
  if (!(min_lr >= 0 && min_lr <= lr)) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.min_lr must be from 0 to model.optim.lr (", lr, "): ", min_lr));
  }
  if (warmup_steps < 0) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.warmup_steps must not be negative: ", warmup_steps));
  }
  if (constant_steps < 0) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.constant_steps must not be negative: ", constant_steps));
  }
}

double cosine_annealing(const ScheduleOptions& options,
                        double lr,
                        std::int64_t max_steps,
                        std::int64_t step) {
  const auto warmup = static_cast<double>(options.warmup_steps);
  const double end = static_cast<double>(max_steps - options.constant_steps);
  const auto now = static_cast<double>(step);
  if (step <= options.warmup_steps && options.constant_steps > 0 && warmup > 0) {
    return lr * now / warmup;
  }
  if (step <= options.warmup_steps && options.constant_steps == 0) {
    return lr * (now + 1) / (warmup + 1);
  }
  if (now > end) return options.min_lr;
  const double share = end > warmup ? (now - warmup) / (end - warmup) : 1.0;
  return options.min_lr + 0.5 * (std::cos(std::numbers::pi * share) + 1) * (lr - options.min_lr);
}

}  // namespace sbert
