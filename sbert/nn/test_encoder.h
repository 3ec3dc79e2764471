#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/nn/torch_encoder.h"
#include "tests/support/small_encoder.h"

namespace sbert {

// The encoder and the batch of the tests.

/// Rates that training has where nothing else is said.
inline TrainingRecipe with_dropout() {
  return {.dropout = {.hidden = 0.1, .attention = 0.1}};
}

/// On the CPU, of random weights that are drawn in double.
inline TorchEncoder random_encoder(at::ScalarType type,
                                   const TrainingRecipe& recipe = with_dropout(),
                                   const EncoderSpec& spec = small_spec()) {
  TorchEncoder encoder(spec, random_weights(spec), recipe, c10::Device(c10::kCPU));
  at::manual_seed(0);
  for (EncoderParameter& each : encoder.parameters()) {
    Tensor values = at::randn(each.tensor.sizes(), at::kDouble) * 0.3;
    if (is_norm(each.role) && !each.is_bias) values += 1;
    each.tensor.set_data(values.to(type));
  }
  return encoder;
}

inline EncoderSpec without_biases(EncoderSpec spec) {
  spec.norm.has_bias = false;
  for (LayerSpec& layer : spec.layers) {
    layer.attention.has_bias = false;
    layer.attention.has_output_bias = false;
    layer.feed_forward.has_bias = false;
    layer.feed_forward.has_down_bias = false;
  }
  return spec;
}

/// 21 tokens.
inline const std::vector<std::vector<std::int32_t>> kSequences{
    {2, 7, 9, 11, 3}, {2, 3}, {2, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 3}, {0}};

/// Any gradient of the encoder's output for them.
inline Tensor some_weights(at::ScalarType type) {
  at::manual_seed(17);
  return at::randn({21, small_spec().width}, at::kDouble).to(type);
}

}  // namespace sbert
