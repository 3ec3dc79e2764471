#include "sbert/nn/torch_head.h"

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/activate.h"
#include "sbert/nn/torch_pooling.h"
#include "sbert/nn/weight_tensors.h"

namespace sbert {
namespace {

constexpr double kLeastLength = 1e-12;  // torch.nn.functional.normalize

void check_weight(const DenseLayer& layer, std::size_t number) {
  const std::string name = concat("Dense layer ", number, ": ");
  const std::vector<std::int64_t>& shape = layer.weight.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) {
    fail(ErrorKind::kInput, concat(name, "the weight must be a matrix: ", shape_text(shape)));
  }
  if (layer.bias && layer.bias->shape != std::vector{shape[0]}) {
    fail(ErrorKind::kInput, concat(name, "the bias must have a value for each of the ", shape[0],
                                   " outputs: ", shape_text(layer.bias->shape)));
  }
  for (const ElementType type :
       {layer.weight.type, layer.bias ? layer.bias->type : layer.weight.type}) {
    if (is_floating_point(type)) continue;
    fail(ErrorKind::kInput,
         concat(name, "must be of floating-point numbers: ", element_type_name(type)));
  }
}

void check_inputs(std::size_t number, std::int64_t inputs, std::int64_t width) {
  if (inputs == width) return;
  fail(ErrorKind::kInput, concat("Dense layer ", number, ": the weight must have ", width,
                                 " columns, one for each input: ", inputs));
}

// A copy, also where the type and the device are the same.
at::Tensor constant(const Weight& weight, const c10::Device& device) {
  return tensor_of(weight).to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

TorchHead::TorchHead(const EmbeddingHead& head, const c10::Device& device)
    : pooling_(head.pooling), normalizes_(head.normalizes) {
  for (const DenseLayer& layer : head.dense) {
    const std::size_t number = dense_.size();
    check_weight(layer, number);
    if (number > 0) check_inputs(number, layer.weight.shape[1], dense_.back().weight.size(0));
    dense_.push_back({constant(layer.weight, device),
                      layer.bias ? constant(*layer.bias, device) : at::Tensor(), layer.activation});
  }
}

std::int64_t TorchHead::width(std::int64_t encoder_width) const {
  return dense_.empty() ? encoder_width : dense_.back().weight.size(0);
}

at::Tensor TorchHead::operator()(const at::Tensor& tokens, const PackedBatch& batch) const {
  at::Tensor embeddings = pool(pooling_, tokens, batch);  // [B, H]
  if (!dense_.empty()) check_inputs(0, dense_.front().weight.size(1), embeddings.size(1));
  for (const auto& [weight, bias, activation] : dense_) {
    const auto type = embeddings.scalar_type();
    embeddings = activate(
        activation, at::linear(embeddings, weight.to(type), bias.defined() ? bias.to(type) : bias));
  }
  if (!normalizes_) return embeddings;
  return embeddings / embeddings.norm(2, /*dim=*/-1, /*keepdim=*/true).clamp_min(kLeastLength);
}

}  // namespace sbert
