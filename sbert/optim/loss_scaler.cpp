#include "sbert/optim/loss_scaler.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/nn/named_tensor.h"

namespace sbert {

LossScaler::LossScaler(const LossScalerOptions& options)
    : options_(options),
      state_{.scale = options.initial_scale, .hysteresis_tracker = options.hysteresis} {}

double LossScaler::scale() const {
  return state_.scale;
}

bool LossScaler::unscale_and_check(const std::vector<NamedTensor>& parameters,
                                   ProcessGroup& group) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> gradients;
  for (const NamedTensor& parameter : parameters) {
    if (parameter.tensor.grad().defined()) gradients.push_back(parameter.tensor.grad());
  }
  if (gradients.empty()) return !has_overflow_;
  const auto options = at::TensorOptions(gradients[0].device()).dtype(at::kFloat);
  Tensor found_inf = at::zeros({1}, options);
  const Tensor inverse_scale = at::full({1}, 1 / state_.scale, options);
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf, inverse_scale);
  has_overflow_ = group.any(has_overflow_ || found_inf.item<float>() != 0);
  return !has_overflow_;
}

void LossScaler::update() {
  if (has_overflow_) {
    --state_.hysteresis_tracker;
    if (state_.hysteresis_tracker <= 0) state_.scale *= options_.backoff_factor;
    state_.growth_tracker = 0;
    has_overflow_ = false;
    return;
  }
  state_.hysteresis_tracker = options_.hysteresis;
  ++state_.growth_tracker;
  if (state_.growth_tracker < options_.growth_interval) return;
  state_.growth_tracker = 0;
  const double grown = state_.scale * options_.growth_factor;
  if (std::isfinite(static_cast<float>(grown))) state_.scale = grown;
}

const LossScaler::State& LossScaler::state() const {
  return state_;
}
void LossScaler::set_state(const State& state) {
  state_ = state;
}

}  // namespace sbert
