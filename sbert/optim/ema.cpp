#include "sbert/optim/ema.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

// Without their history, so that writing them in place is no matter of autograd's.
std::vector<Tensor> values_of(const std::vector<NamedTensor>& parameters) {
  std::vector<Tensor> values;
  values.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters)
    values.push_back(parameter.tensor.detach());
  return values;
}

}  // namespace

void EmaOptions::validate() const {
  if (!(decay >= 0 && decay <= 1)) {
    fail(ErrorKind::kUsage, concat("exp_manager.ema.decay must be from 0 to 1: ", decay));
  }
  if (every_n_steps < 1) {
    fail(ErrorKind::kUsage,
         concat("exp_manager.ema.every_n_steps must be at least 1: ", every_n_steps));
  }
}

ExponentialMovingAverage::ExponentialMovingAverage(std::vector<NamedTensor> parameters,
                                                   double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  for (const Tensor& value : values_of(parameters_))
    averages_.push_back(value.clone());
}
ExponentialMovingAverage::~ExponentialMovingAverage() = default;
ExponentialMovingAverage::ExponentialMovingAverage(ExponentialMovingAverage&&) noexcept = default;

void ExponentialMovingAverage::update() {
  expect_not_swapped();
  if (averages_.empty()) return;
  at::_foreach_mul_(averages_, decay_);
  at::_foreach_add_(averages_, values_of(parameters_), 1 - decay_);
}

void ExponentialMovingAverage::swap() {
  const std::vector<Tensor> values = values_of(parameters_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Tensor value = values[i].clone();
    values[i].copy_(averages_[i]);
    averages_[i].copy_(value);
  }
  is_swapped_ = !is_swapped_;
}

std::vector<NamedTensor> ExponentialMovingAverage::state() const {
  expect_not_swapped();
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    tensors.push_back({concat("ema.", parameters_[i].name), averages_[i]});
  return tensors;
}

void ExponentialMovingAverage::expect_not_swapped() const {
  if (is_swapped_) {
    fail(ErrorKind::kInternal, "the moving average is in the parameters' place");
  }
}

}  // namespace sbert
