#include "sbert/model/packed_layer.h"

#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/model/weight_rows.h"

namespace sbert {
namespace {

using enum ParameterRole;

// Queries, keys and values as one product; what is packed is released.
PackedLinear pack_qkv(std::int64_t layer,
                      ParameterSource& source,
                      ProductType type,
                      WeightMemory& memory,
                      const InferenceKernels& kernels) {
  std::vector<Weight> parts;
  std::vector<float> bias;
  for (const ParameterRole role : {kQuery, kKey, kValue}) {
    parts.push_back(source.take(role, layer));
    const std::vector<float> part = source.take_vector(role, layer, true);
    bias.insert(bias.end(), part.begin(), part.end());
  }
  return {weight_rows(std::move(parts)), bias.empty() ? nullptr : bias.data(), type, memory,
          kernels};
}

PackedLinear pack_linear(ParameterRole role,
                         std::int64_t layer,
                         ParameterSource& source,
                         ProductType type,
                         WeightMemory& memory,
                         const InferenceKernels& kernels) {
  const std::vector<float> bias = source.take_vector(role, layer, true);
  return {weight_rows({source.take(role, layer)}), bias.empty() ? nullptr : bias.data(), type,
          memory, kernels};
}

AttentionShape attention_shape(const AttentionSpec& spec) {
  return {.num_heads = spec.num_heads,
          .num_key_heads = spec.num_key_heads,
          .head_dim = spec.head_dim,
          .scale = spec.scale,
          .is_causal = spec.is_causal,
          .window = spec.window};
}

}  // namespace

std::optional<Epilogue> epilogue_of(Activation activation) {
  switch (activation) {
    case Activation::kIdentity:
      return Epilogue::kNone;
    case Activation::kGelu:
      return Epilogue::kGelu;
    case Activation::kGeluTanh:
      return Epilogue::kGeluTanh;
    case Activation::kRelu:
      return Epilogue::kRelu;
    case Activation::kSilu:
    case Activation::kTanh:
      break;
  }
  return std::nullopt;
}

ParameterSource::ParameterSource(const EncoderSpec& spec, Weights weights)
    : weights_(std::move(weights)), index_(parameter_specs(spec)) {
  const std::vector<ParameterSpec> specs = parameter_specs(spec);
  if (weights_.size() != specs.size()) {
    fail(ErrorKind::kInternal, concat("an encoder of ", specs.size(), " parameters was given ",
                                      weights_.size(), " weights"));
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Weight& weight = weights_[i];
    if (weight.shape != specs[i].shape || !is_floating_point(weight.type) ||
        tensor_bytes(weight.shape, weight.type) != weight.bytes.size()) {
      fail(ErrorKind::kInternal,
           concat("the weight of ", specs[i].name, " must be floating-point of shape ",
                  shape_text(specs[i].shape), ": ", element_type_name(weight.type), " ",
                  shape_text(weight.shape)));
    }
  }
}

Weight ParameterSource::take(ParameterRole role, std::optional<std::int64_t> layer) {
  return std::exchange(weights_[index_.at(role, layer)], {});
}

std::vector<float> ParameterSource::take_vector(ParameterRole role,
                                                std::optional<std::int64_t> layer,
                                                bool is_bias) {
  const std::optional<std::size_t> place = index_.find(role, layer, is_bias);
  return place ? to_floats(std::exchange(weights_[*place], {})) : std::vector<float>();
}

LayerNormWeights::LayerNormWeights(ParameterSource& source,
                                   ParameterRole role,
                                   std::optional<std::int64_t> layer,
                                   double eps)
    : weight(source.take_vector(role, layer, false)),
      bias(source.take_vector(role, layer, true)),
      epsilon(static_cast<float>(eps)) {
  bias.resize(weight.size());
}

LayerNormParams LayerNormWeights::params() const {
  return {weight.data(), bias.data(), std::ssize(weight), epsilon};
}

PackedLayer::PackedLayer(const EncoderSpec& spec,
                         std::int64_t layer,
                         ParameterSource& source,
                         ProductType type,
                         WeightMemory& memory,
                         const InferenceKernels& kernels)
    : attention(attention_shape(spec.layers[static_cast<std::size_t>(layer)].attention)),
      feed_forward_width(spec.layers[static_cast<std::size_t>(layer)].feed_forward.width),
      activation(epilogue_of(spec.layers[static_cast<std::size_t>(layer)].feed_forward.activation)
                     .value()),
      qkv(pack_qkv(layer, source, type, memory, kernels)),
      attention_output(pack_linear(kAttentionOutput, layer, source, type, memory, kernels)),
      up(pack_linear(kUp, layer, source, type, memory, kernels)),
      down(pack_linear(kDown, layer, source, type, memory, kernels)),
      attention_norm(source, kAttentionNorm, layer, spec.norm.epsilon),
      feed_forward_norm(source, kFeedForwardNorm, layer, spec.norm.epsilon) {}

std::int64_t PackedLayer::weight_bytes(const EncoderSpec& spec,
                                       const LayerSpec& layer,
                                       ProductType type,
                                       const InferenceKernels& kernels) {
  const AttentionSpec& attention = layer.attention;
  const std::int64_t heads_width = attention.num_heads * attention.head_dim;
  const std::int64_t keys_width = attention.num_key_heads * attention.head_dim;
  const auto bytes = [&](std::int64_t out, std::int64_t in) {
    return PackedLinear::weight_bytes(out, in, type, kernels);
  };
  return bytes(heads_width + 2 * keys_width, spec.width) + bytes(spec.width, heads_width) +
         bytes(layer.feed_forward.width, spec.width) + bytes(spec.width, layer.feed_forward.width);
}

}  // namespace sbert
