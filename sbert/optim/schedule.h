#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "sbert/base/field.h"

namespace sbert {

/// How the learning rate goes over a run. Steps are optimizer updates, the first is 0.
struct ScheduleOptions {
  std::string name = "CosineAnnealing";
  std::int64_t warmup_steps = 500;
  std::int64_t constant_steps = 50'000;
  double min_lr = 2e-5;

  static constexpr auto fields() {
    using Self = ScheduleOptions;
    return std::tuple{
        field("name", &Self::name, "CosineAnnealing"),
        field("warmup_steps", &Self::warmup_steps, "updates of linear warm-up"),
        field("constant_steps", &Self::constant_steps, "updates at min_lr that end the run"),
        field("min_lr", &Self::min_lr, "lowest learning rate, kept from the end of the cosine on"),
    };
  }

  /// @throws Error(kUsage) naming the key that is out of range
  void validate(double lr) const;
};

/// NeMo's CosineAnnealing: linear warm-up to `lr`, half a cosine to min_lr, then min_lr. With
/// constant_steps > 0 the warm-up starts from 0 and the cosine ends constant_steps before
/// max_steps; with constant_steps = 0 it starts from lr / (warmup_steps + 1) and the cosine ends at
/// max_steps.
double cosine_annealing(const ScheduleOptions& options,
                        double lr,
                        std::int64_t max_steps,
                        std::int64_t step);

}  // namespace sbert
