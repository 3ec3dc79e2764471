#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "sbert/base/field.h"

namespace sbert {

/// How the learning rate goes over a run. Steps are optimizer updates, the first is 0.
struct ScheduleOptions {
  std::string name = "CosineAnnealing";
  std::int64_t warmup_steps = 500;
  std::optional<double> warmup_ratio;
  std::int64_t constant_steps = 50'000;
  double min_lr = 2e-5;

  static constexpr auto fields() {
    using Self = ScheduleOptions;
    return std::tuple{
        field("name", &Self::name,
              "CosineAnnealing, linear (or WarmupAnnealing), constant (or WarmupHold)"),
        field("warmup_steps", &Self::warmup_steps, "updates of linear warm-up"),
        field("warmup_ratio", &Self::warmup_ratio,
              "warm-up as a share of all updates, in place of warmup_steps"),
        field("constant_steps", &Self::constant_steps,
              "updates at min_lr that end the run; CosineAnnealing only"),
        field("min_lr", &Self::min_lr, "lowest learning rate, kept from the end of the decay on"),
    };
  }

  /// @throws Error(kUsage) naming the key that is out of range
  void validate(double lr) const;

  /// Updates of warm-up in a run of `max_steps`: of warmup_ratio, rounded down as NeMo does, or
  /// else warmup_steps.
  std::int64_t num_warmup_steps(std::int64_t max_steps) const;
};

/// The learning rate of update `step` in a run of `max_steps`, by the schedule that
/// `options.name` names:
///   CosineAnnealing  cosine_annealing()
///   linear           warm-up, then a line from `lr` to min_lr at max_steps, then min_lr
///   constant         warm-up, then `lr`
/// where warm-up is a line from lr / (warm-up + 1) at step 0 to `lr` at the end of warm-up.
/// @param options passed validate()
double learning_rate(const ScheduleOptions& options,
                     double lr,
                     std::int64_t max_steps,
                     std::int64_t step);

/// NeMo's CosineAnnealing: linear warm-up to `lr`, half a cosine to min_lr, then min_lr. With
/// constant_steps > 0 the warm-up starts from 0 and the cosine ends constant_steps before
/// max_steps; with constant_steps = 0 it starts from lr / (warm-up + 1) and the cosine ends at
/// max_steps.
double cosine_annealing(const ScheduleOptions& options,
                        double lr,
                        std::int64_t max_steps,
                        std::int64_t step);

}  // namespace sbert
