#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "sbert/model/encoder_spec.h"
#include "sbert/model/parameter_specs.h"
#include "sbert/model/weights.h"

namespace sbert {

/// The sizes of a small encoder for tests, of BERT's form.
struct SmallSizes {
  std::int64_t vocab_size = 50;
  std::int64_t width = 24;
  std::int64_t num_layers = 3;
  std::int64_t num_heads = 3;
  std::int64_t feed_forward_width = 40;
  std::int64_t num_positions = 20;
  std::int64_t num_types = 2;
};

inline EncoderSpec small_spec(const SmallSizes& sizes = {}) {
  const std::int64_t head_dim = sizes.width / sizes.num_heads;
  const LayerSpec layer{.attention = {.num_heads = sizes.num_heads,
                                      .num_key_heads = sizes.num_heads,
                                      .head_dim = head_dim,
                                      .scale = 1 / std::sqrt(static_cast<double>(head_dim))},
                        .feed_forward = {.width = sizes.feed_forward_width}};
  return {.width = sizes.width,
          .embeddings = {.vocab_size = sizes.vocab_size,
                         .width = sizes.width,
                         .num_positions = sizes.num_positions,
                         .num_types = sizes.num_types},
          .layers = std::vector<LayerSpec>(static_cast<std::size_t>(sizes.num_layers), layer),
          .max_length = sizes.num_positions};
}

/// Normal numbers of deviation 0.3, norms' weights around 1. The same seed gives the same weights.
inline Weights random_weights(const EncoderSpec& spec, unsigned seed = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.3F);
  Weights weights;
  for (const ParameterSpec& parameter : parameter_specs(spec)) {
    std::size_t count = 1;
    for (const std::int64_t size : parameter.shape)
      count *= static_cast<std::size_t>(size);
    std::vector<float> values(count);
    const float center = is_norm(parameter.role) && !parameter.is_bias ? 1 : 0;
    for (float& value : values)
      value = center + normal(random);
    weights.push_back(make_weight(parameter.name, parameter.shape, std::move(values)));
  }
  return weights;
}

}  // namespace sbert
