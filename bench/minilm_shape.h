#pragma once

#include <random>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/nn/named_tensor.h"
#include "sbert/data/packed_batch.h"
#include "sbert/model/bert_encoder.h"

namespace sbert {

// What the benchmarks run on: an encoder of MiniLM-L6's shape with random weights, and packed
// batches of random ids.

inline EncoderConfig minilm_config() {
  return {.vocab_size = 30'522,
          .hidden_size = 384,
          .num_layers = 6,
          .num_attention_heads = 12,
          .ffn_hidden_size = 1'536,
          .max_position_embeddings = 512};
}

inline BertEncoder minilm_encoder() {
  BertEncoder encoder(minilm_config());
  at::manual_seed(0);
  for (const NamedTensor& parameter : encoder.parameters()) {
    parameter.tensor.normal_(0, 0.05);
    if (parameter.name.ends_with("LayerNorm.weight")) parameter.tensor.add_(1);
  }
  return encoder;
}

/// `tokens` tokens in sequences of `length`.
inline PackedBatch random_batch(std::int64_t tokens, std::int64_t length) {
  std::mt19937 random(0);
  std::uniform_int_distribution<std::int32_t> id(0, 30'521);
  PackedBatch batch;
  while (batch.num_tokens() < tokens) {
    std::vector<std::int32_t> sequence(static_cast<std::size_t>(length));
    for (std::int32_t& each : sequence)
      each = id(random);
    batch.append(sequence);
  }
  return batch;
}

}  // namespace sbert
