#include "sbert/optim/schedule.h"

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

enum class Shape { kCosine, kLinear, kConstant };

constexpr std::array<std::pair<std::string_view, Shape>, 5> kShapes{{
    {"CosineAnnealing", Shape::kCosine},
    {"linear", Shape::kLinear},
    {"WarmupAnnealing", Shape::kLinear},
    {"constant", Shape::kConstant},
    {"WarmupHold", Shape::kConstant},
}};

std::optional<Shape> shape_from_name(std::string_view name) {
  for (const auto& [known, shape] : kShapes) {
    if (known == name) return shape;
  }
  return std::nullopt;
}

double warm_up(double lr, std::int64_t warmup, std::int64_t step) {
  return lr * static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
}

double linear(
    double lr, double min_lr, std::int64_t warmup, std::int64_t max_steps, std::int64_t step) {
  if (step >= max_steps) return min_lr;
  const double left =
      static_cast<double>(max_steps - step) / static_cast<double>(max_steps - warmup);
  return min_lr + (lr - min_lr) * left;
}

}  // namespace

void ScheduleOptions::validate(double lr) const {
  if (!shape_from_name(name)) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.name is not known; use CosineAnnealing, linear or constant: ",
                name));
  }
  if (!(min_lr >= 0 && min_lr <= lr)) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.min_lr must be from 0 to model.optim.lr (", lr, "): ", min_lr));
  }
  if (warmup_steps < 0) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.warmup_steps must not be negative: ", warmup_steps));
  }
  if (warmup_ratio && !(*warmup_ratio >= 0 && *warmup_ratio < 1)) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.warmup_ratio must be in [0, 1): ", *warmup_ratio));
  }
  if (constant_steps < 0) {
    fail(ErrorKind::kUsage,
         concat("model.optim.sched.constant_steps must not be negative: ", constant_steps));
  }
}

std::int64_t ScheduleOptions::num_warmup_steps(std::int64_t max_steps) const {
  if (!warmup_ratio) return warmup_steps;
  return static_cast<std::int64_t>(*warmup_ratio * static_cast<double>(max_steps));
}

double learning_rate(const ScheduleOptions& options,
                     double lr,
                     std::int64_t max_steps,
                     std::int64_t step) {
  const std::optional<Shape> shape = shape_from_name(options.name);
  if (!shape) fail(ErrorKind::kInternal, concat("no schedule of this name: ", options.name));
  if (shape == Shape::kCosine) return cosine_annealing(options, lr, max_steps, step);
  const std::int64_t warmup = options.num_warmup_steps(max_steps);
  if (step <= warmup) return warm_up(lr, warmup, step);
  if (shape == Shape::kConstant) return lr;
  return linear(lr, options.min_lr, warmup, max_steps, step);
}

double cosine_annealing(const ScheduleOptions& options,
                        double lr,
                        std::int64_t max_steps,
                        std::int64_t step) {
  const std::int64_t warmup_steps = options.num_warmup_steps(max_steps);
  const auto warmup = static_cast<double>(warmup_steps);
  const double end = static_cast<double>(max_steps - options.constant_steps);
  const auto now = static_cast<double>(step);
  if (step <= warmup_steps && options.constant_steps > 0 && warmup_steps > 0) {
    return lr * now / warmup;
  }
  if (step <= warmup_steps && options.constant_steps == 0) return warm_up(lr, warmup_steps, step);
  if (now > end) return options.min_lr;
  const double share = end > warmup ? (now - warmup) / (end - warmup) : 1.0;
  return options.min_lr + 0.5 * (std::cos(std::numbers::pi * share) + 1) * (lr - options.min_lr);
}

}  // namespace sbert
