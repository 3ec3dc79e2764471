#include "sbert/nn/recompute.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct KeptWork : torch::CustomClassHolder {
  explicit KeptWork(RepeatableWork kept) : work(std::move(kept)) {}
  RepeatableWork work;
};

struct Recompute : torch::autograd::Function<Recompute> {
  static Tensor forward(AutogradContext* context,
                        at::TensorList inputs,
                        const RepeatableWork& work) {
    context->saved_data["work"] = c10::IValue::make_capsule(c10::make_intrusive<KeptWork>(work));
    tensor_list owned = inputs.vec();
    Tensor output = work(owned);
    context->save_for_backward(std::move(owned));
    return output;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& grad_outputs) {
    const auto kept = context->saved_data["work"].toCapsule();
    tensor_list inputs;
    tensor_list wanted;
    for (const Tensor& saved : context->get_saved_variables()) {
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
      if (saved.requires_grad()) wanted.push_back(inputs.back());
    }
    const at::AutoGradMode with_graph(true);
    const Tensor output = static_cast<const KeptWork&>(*kept).work(inputs);
    const tensor_list found =
        torch::autograd::grad({output}, wanted, {grad_outputs[0]}, /*retain_graph=*/std::nullopt,
                              /*create_graph=*/false, /*allow_unused=*/true);
    tensor_list gradients;
    auto next = found.begin();
    for (const Tensor& input : inputs)
      gradients.push_back(input.requires_grad() ? *next++ : Tensor());
    gradients.emplace_back();  // of `work`
    return gradients;
  }
};

}  // namespace

Tensor recomputed(const RepeatableWork& work, const std::vector<Tensor>& inputs) {
  const bool has_gradient =
      at::GradMode::is_enabled() &&
      std::ranges::any_of(inputs, [](const Tensor& input) { return input.requires_grad(); });
  return has_gradient ? Recompute::apply(at::TensorList(inputs), work) : work(inputs);
}

}  // namespace sbert
