#include "sbert/run/architecture_keys.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

struct ArchitectureKey {
  const char* key;
  ConfigNode value;  // of the checkpoint
};

std::string position_type(const EncoderSpec& spec) {
  if (spec.embeddings.num_positions > 0) return "learned_absolute";
  if (spec.layers.front().attention.rope) return "rope";
  return spec.position_bias.kind == PositionBias::kAlibi ? "alibi" : "relative";
}

std::string block_type(NormOrder order) {
  if (order == NormOrder::kPost) return "post_ln";
  return order == NormOrder::kPre ? "pre_ln" : "normformer";
}

// As far as these keys go, all layers have the same shape.
std::vector<ArchitectureKey> architecture_of(const EncoderSpec& spec) {
  const AttentionSpec& attention = spec.layers.front().attention;
  const bool is_layer_norm = spec.norm.kind == NormKind::kLayerNorm;
  return {
      {"model.num_layers", {static_cast<std::int64_t>(spec.layers.size())}},
      {"model.hidden_size", {spec.width}},
      {"model.ffn_hidden_size", {spec.layers.front().feed_forward.width}},
      {"model.num_attention_heads", {attention.num_heads}},
      {"model.kv_channels", {attention.head_dim}},
      {"model.max_position_embeddings", {spec.embeddings.num_positions}},
      {"model.layernorm_epsilon", {spec.norm.epsilon}},
      {"model.position_embedding_type", {position_type(spec)}},
      {"model.transformer_block_type", {block_type(spec.order)}},
      {"model.normalization", {std::string(is_layer_norm ? "layernorm" : "rmsnorm")}},
      {"model.skip_head", {true}},
  };
}

bool same(const ConfigNode& a, const ConfigNode& b) {
  const auto* x = std::get_if<double>(&a.value);
  const auto* y = std::get_if<double>(&b.value);
  if (x == nullptr || y == nullptr) return a == b;
  constexpr double kRounding = 1e-6;  // a checkpoint may hold the value in float32
  return std::abs(*x - *y) <= kRounding * std::abs(*y);
}

}  // namespace

void refuse_other_architecture(const ConfigTree& resolved,
                               const std::vector<std::string>& overridden,
                               const EncoderSpec& checkpoint) {
  for (const ArchitectureKey& each : architecture_of(checkpoint)) {
    if (std::find(overridden.begin(), overridden.end(), each.key) == overridden.end()) continue;
    const ConfigNode* given = resolved.find(each.key);
    if (given == nullptr || given->is_null() || same(*given, each.value)) continue;
    fail(ErrorKind::kUsage,
         concat(each.key, " is ", describe(*given), ", but the checkpoint's is ",
                describe(each.value),
                ": the architecture comes from the checkpoint; leave the key out"));
  }
}

}  // namespace sbert
