#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/nn/named_tensor.h"
#include "sbert/model/bert_encoder.h"

namespace sbert {

// The encoder and the batch of the tests.

inline EncoderConfig small_config() {
  return {.vocab_size = 50,
          .hidden_size = 24,
          .num_layers = 3,
          .num_attention_heads = 3,
          .ffn_hidden_size = 40,
          .max_position_embeddings = 20};
}

inline BertEncoder random_encoder(at::ScalarType type, std::uint64_t seed = 0) {
  BertEncoder encoder(small_config());
  at::manual_seed(seed);
  for (NamedTensor& parameter : encoder.parameters()) {
    Tensor values = at::randn(parameter.tensor.sizes(), at::kDouble) * 0.3;
    if (parameter.name.ends_with("LayerNorm.weight")) values += 1;
    parameter.tensor.set_data(values.to(type));
  }
  return encoder;
}

/// 21 tokens.
inline const std::vector<std::vector<std::int32_t>> kSequences{
    {2, 7, 9, 11, 3}, {2, 3}, {2, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 3}, {0}};

/// Any gradient of the encoder's output for them.
inline Tensor some_weights(at::ScalarType type) {
  at::manual_seed(17);
  return at::randn({21, small_config().hidden_size}, at::kDouble).to(type);
}

}  // namespace sbert
