#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "sbert/data/packed_batch.h"
#include "sbert/model/encoder_spec.h"
#include "sbert/model/parameter_specs.h"
#include "sbert/model/weights.h"

namespace sbert {

/// The network of an EncoderSpec of BERT's form in double, by plain loops: what executors are
/// compared with.
class ReferenceEncoder {
 public:
  using Doubles = std::vector<double>;

  ReferenceEncoder(const EncoderSpec& spec, const Weights& weights)
      : spec_(spec), weights_(weights), index_(parameter_specs(spec)) {}

  /// [T, H] the last layer's hidden states
  Doubles operator()(const PackedBatch& batch) const {
    const auto width = static_cast<std::size_t>(spec_.width);
    Doubles x(batch.ids.size() * width);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t token = i / width;
      const std::size_t k = i % width;
      x[i] =
          at(kWordEmbedding, {}, static_cast<std::size_t>(batch.ids[token]) * width + k) +
          at(kPositionEmbedding, {}, static_cast<std::size_t>(batch.positions[token]) * width + k) +
          at(kTypeEmbedding, {}, k);
    }
    x = norm(x, kEmbeddingNorm, {});
    for (std::size_t i = 0; i < spec_.layers.size(); ++i)
      x = layer(x, batch, static_cast<std::int64_t>(i));
    return x;
  }

 private:
  using enum ParameterRole;
  using Layer = std::optional<std::int64_t>;

  // An element of a parameter; 0 if the encoder has no such parameter.
  double at(ParameterRole role, Layer layer, std::size_t element, bool is_bias = false) const {
    const auto place = index_.find(role, layer, is_bias);
    return place ? weights_[*place].floats()[element] : 0.0F;
  }

  Doubles linear(const Doubles& x, ParameterRole role, Layer layer) const {
    const Weight& weight = weights_[index_.at(role, layer)];
    const auto out = static_cast<std::size_t>(weight.shape[0]);
    const auto in = static_cast<std::size_t>(weight.shape[1]);
    Doubles y(x.size() / in * out);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = at(role, layer, i % out, true);
      for (std::size_t k = 0; k < in; ++k) {
        y[i] += x[i / out * in + k] * static_cast<double>(weight.floats()[i % out * in + k]);
      }
    }
    return y;
  }

  Doubles norm(Doubles x, ParameterRole role, Layer layer) const {
    const auto width = static_cast<std::size_t>(spec_.width);
    for (std::size_t first = 0; first < x.size(); first += width) {
      double mean = 0;
      double variance = 0;
      for (std::size_t k = 0; k < width; ++k)
        mean += x[first + k] / static_cast<double>(width);
      for (std::size_t k = 0; k < width; ++k)
        variance += std::pow(x[first + k] - mean, 2) / static_cast<double>(width);
      for (std::size_t k = 0; k < width; ++k) {
        double& value = x[first + k];
        value = (value - mean) / std::sqrt(variance + spec_.norm.epsilon);
        value = value * at(role, layer, k) + at(role, layer, k, true);
      }
    }
    return x;
  }

  // Whether a query sees a key, by their tokens.
  static bool sees(const AttentionSpec& spec, std::size_t query, std::size_t key) {
    const std::size_t distance = key > query ? key - query : query - key;
    if (spec.is_causal && key > query) return false;
    return spec.window == 0 || distance <= static_cast<std::size_t>(spec.window);
  }

  Doubles attention(const Doubles& x, const PackedBatch& batch, std::int64_t layer) const {
    const AttentionSpec& spec = spec_.layers[static_cast<std::size_t>(layer)].attention;
    const Doubles q = linear(x, kQuery, layer);
    const Doubles k = linear(x, kKey, layer);
    const Doubles v = linear(x, kValue, layer);
    const auto width = static_cast<std::size_t>(spec.num_heads * spec.head_dim);
    const auto key_width = static_cast<std::size_t>(spec.num_key_heads * spec.head_dim);
    const auto d = static_cast<std::size_t>(spec.head_dim);
    Doubles context(q.size());
    for (std::size_t b = 0; b + 1 < batch.cu_seqlens.size(); ++b) {
      const auto begin = static_cast<std::size_t>(batch.cu_seqlens[b]);
      const auto end = static_cast<std::size_t>(batch.cu_seqlens[b + 1]);
      for (std::size_t i = begin * width; i < end * width; i += d) {  // a head of a query
        const std::size_t key_head = i % width * key_width / width / d * d;
        Doubles weights;
        double total = 0;
        for (std::size_t j = begin; j < end; ++j) {
          double score = 0;
          for (std::size_t e = 0; e < d; ++e)
            score += q[i + e] * k[j * key_width + key_head + e];
          weights.push_back(sees(spec, i / width, j) ? std::exp(score * spec.scale) : 0);
          total += weights.back();
        }
        for (std::size_t j = begin; j < end; ++j) {
          for (std::size_t e = 0; e < d; ++e)
            context[i + e] += weights[j - begin] / total * v[j * key_width + key_head + e];
        }
      }
    }
    return context;
  }

  Doubles layer(const Doubles& x, const PackedBatch& batch, std::int64_t number) const {
    const auto sum = [](Doubles a, const Doubles& b) {
      for (std::size_t i = 0; i < a.size(); ++i)
        a[i] += b[i];
      return a;
    };
    const Doubles attended = linear(attention(x, batch, number), kAttentionOutput, number);
    const Doubles middle = norm(sum(x, attended), kAttentionNorm, number);
    Doubles wide = linear(middle, kUp, number);
    for (double& each : wide) {
      each =
          activated(spec_.layers[static_cast<std::size_t>(number)].feed_forward.activation, each);
    }
    return norm(sum(middle, linear(wide, kDown, number)), kFeedForwardNorm, number);
  }

  static double activated(Activation activation, double x) {
    if (activation == Activation::kRelu) return std::max(x, 0.0);
    if (activation == Activation::kGelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    if (activation == Activation::kIdentity) return x;
    const double inner = std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + std::tanh(inner));
  }

  const EncoderSpec& spec_;
  const Weights& weights_;
  ParameterIndex index_;
};

}  // namespace sbert
