#include "sbert/nn/encoder_tensors.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/worker_pool.h"
#include "sbert/nn/weight_tensors.h"
#include "sbert/nn/zero_tensor.h"

namespace sbert {
namespace {

// Elements [begin, begin + count) of a weight on their way into a tensor.
struct Piece {
  const Weight* weight;
  std::int64_t begin;
  std::int64_t count;
  float* to;
};

void add_pieces(const Weight& weight, float* to, std::vector<Piece>& pieces) {
  constexpr std::int64_t kPiece = 1 << 19;  // 2 MiB of float32: a huge page, which one core fills
  const std::int64_t size = weight.num_elements();
  for (std::int64_t begin = 0; begin < size; begin += kPiece)
    pieces.push_back({&weight, begin, std::min(kPiece, size - begin), to + begin});
}

void check(const Weights& weights, const std::vector<ParameterSpec>& parameters) {
  if (weights.size() != parameters.size()) {
    fail(ErrorKind::kInternal, concat("an encoder of ", parameters.size(),
                                      " parameters needs as many weights: ", weights.size()));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Weight& weight = weights[i];
    if (weight.shape == parameters[i].shape && is_floating_point(weight.type)) continue;
    fail(ErrorKind::kInternal,
         concat(parameters[i].name, " must be floating-point numbers of shape ",
                shape_text(parameters[i].shape), ": ", weight.name, " is ",
                element_type_name(weight.type), " of shape ", shape_text(weight.shape)));
  }
}

}  // namespace

std::vector<at::Tensor> encoder_tensors(const Weights& weights,
                                        const FusedParameters& parameters,
                                        const c10::Device& device) {
  check(weights, parameters.parameters);
  std::vector<at::Tensor> tensors;
  std::vector<Piece> pieces;
  for (const auto& [tensor, parts] : parameters.tensors) {
    tensors.push_back(zero_tensor(tensor.shape));
    float* to = tensors.back().data_ptr<float>();
    for (const std::size_t part : parts) {
      add_pieces(weights[part], to, pieces);
      to += weights[part].num_elements();
    }
  }
  const WorkerPool pool;
  pool.for_each(pieces.size(), [&](std::size_t i) {
    const auto& [weight, begin, count, to] = pieces[i];
    read_floats(*weight, begin, count, to);
  });
  for (at::Tensor& each : tensors)
    each = each.to(device);
  return tensors;
}

Weights encoder_weights(const std::vector<at::Tensor>& tensors, const FusedParameters& parameters) {
  Weights weights(parameters.parameters.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor whole = tensors[i].detach().to(at::kCPU, at::kFloat);
    std::int64_t first = 0;
    for (const std::size_t part : parameters.tensors[i].parts) {
      const ParameterSpec& parameter = parameters.parameters[part];
      weights[part] = weight_of(parameter.name, whole.narrow(0, first, parameter.shape[0]));
      first += parameter.shape[0];
    }
  }
  return weights;
}

}  // namespace sbert
