#include "sbert/optim/adamw.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

constexpr double kClipEpsilon = 1e-6;

Tensor gradient_of(const NamedTensor& parameter) {
  if (!parameter.tensor.grad().defined()) {
    fail(ErrorKind::kInternal, concat("no gradient of ", parameter.name));
  }
  return parameter.tensor.grad();
}

}  // namespace

// Parameters that are updated by one call of the kernel.
struct AdamW::Group {
  ParameterSetting setting;
  std::vector<NamedTensor> parameters;
  std::vector<Tensor> exp_avgs;
  std::vector<Tensor> exp_avg_sqs;
};

AdamW::AdamW(std::vector<NamedTensor> parameters,
             const std::vector<ParameterSetting>& settings,
             const AdamWOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  if (settings.size() != parameters_.size()) {
    fail(ErrorKind::kInternal, concat("an optimizer of ", parameters_.size(),
                                      " parameters needs as many settings: ", settings.size()));
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    auto group = std::ranges::find(groups_, settings[i], &Group::setting);
    if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{settings[i]});
    const Tensor value = parameters_[i].tensor.detach();
    group->parameters.push_back(parameters_[i]);
    group->exp_avgs.push_back(at::zeros_like(value));
    group->exp_avg_sqs.push_back(at::zeros_like(value));
  }
}
AdamW::~AdamW() = default;
AdamW::AdamW(AdamW&&) noexcept = default;

void AdamW::step(double lr) {
  const at::NoGradGuard no_grad;
  ++step_count_;
  for (Group& group : groups_) {
    std::vector<Tensor> values;
    std::vector<Tensor> gradients;
    for (const NamedTensor& parameter : group.parameters) {
      values.push_back(parameter.tensor);
      gradients.push_back(gradient_of(parameter));
    }
    const Tensor count = at::full({}, static_cast<double>(step_count_),
                                  values[0].options().dtype(at::kFloat).requires_grad(false));
    const std::vector<Tensor> steps(values.size(), count);
    at::_fused_adamw_(values, gradients, group.exp_avgs, group.exp_avg_sqs,
                      /*max_exp_avg_sqs=*/{}, steps, lr * group.setting.lr_scale, options_.beta1,
                      options_.beta2, group.setting.is_decayed ? options_.weight_decay : 0.0,
                      options_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

void AdamW::zero_grad() {
  for (const NamedTensor& parameter : parameters_)
    parameter.tensor.mutable_grad() = Tensor();
}

std::int64_t AdamW::step_count() const {
  return step_count_;
}
void AdamW::set_step_count(std::int64_t count) {
  step_count_ = count;
}

std::vector<NamedTensor> AdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      const std::string& name = group.parameters[i].name;
      tensors.push_back({concat("exp_avg.", name), group.exp_avgs[i]});
      tensors.push_back({concat("exp_avg_sq.", name), group.exp_avg_sqs[i]});
    }
  }
  return tensors;
}

double clip_gradients(const std::vector<NamedTensor>& parameters,
                      double max_norm,
                      ProcessGroup& group) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> gradients;
  for (const NamedTensor& parameter : parameters) {
    if (parameter.tensor.grad().defined()) gradients.push_back(parameter.tensor.grad());
  }
  if (gradients.empty()) return 0;
  double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  if (group.size() > 1) {
    const Tensor square = at::full({1}, norm * norm, at::kDouble);
    group.sum({square});
    norm = std::sqrt(square.item<double>());
  }
  const double factor = max_norm / (norm + kClipEpsilon);
  if (max_norm > 0 && factor < 1) at::_foreach_mul_(gradients, factor);
  return norm;
}

}  // namespace sbert
