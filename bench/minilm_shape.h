#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "sbert/checkpoint/families/bert.h"
#include "sbert/data/packed_batch.h"
#include "sbert/model/parameter_specs.h"
#include "sbert/model/weights.h"

namespace sbert {

// What the benchmarks run on: an encoder of MiniLM-L6's shape with random weights, and packed
// batches of random ids.

inline EncoderSpec minilm_spec() {
  return bert_spec({.vocab_size = 30'522,
                    .hidden_size = 384,
                    .num_layers = 6,
                    .num_attention_heads = 12,
                    .ffn_hidden_size = 1'536,
                    .max_position_embeddings = 512});
}

/// Normal numbers of deviation 0.05, norms' weights around 1.
inline Weights minilm_weights() {
  std::mt19937 random(0);
  std::normal_distribution<float> normal(0, 0.05F);
  Weights weights;
  for (const ParameterSpec& parameter : parameter_specs(minilm_spec())) {
    std::int64_t count = 1;
    for (const std::int64_t size : parameter.shape)
      count *= size;
    std::vector<float> values(static_cast<std::size_t>(count));
    const float center = is_norm(parameter.role) && !parameter.is_bias ? 1 : 0;
    for (float& value : values)
      value = center + normal(random);
    weights.push_back(make_weight(parameter.name, parameter.shape, std::move(values)));
  }
  return weights;
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
