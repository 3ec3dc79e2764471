#include "sbert/train/architecture_keys.h"

#include <algorithm>
#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

struct ArchitectureKey {
  const char* key;
  ConfigNode value;  // of the checkpoint
};

std::vector<ArchitectureKey> architecture_of(const EncoderConfig& config) {
  return {
      {"model.num_layers", {config.num_layers}},
      {"model.hidden_size", {config.hidden_size}},
      {"model.ffn_hidden_size", {config.ffn_hidden_size}},
      {"model.num_attention_heads", {config.num_attention_heads}},
      {"model.kv_channels", {config.hidden_size / config.num_attention_heads}},
      {"model.max_position_embeddings", {config.max_position_embeddings}},
      {"model.layernorm_epsilon", {config.layernorm_epsilon}},
      {"model.position_embedding_type", {std::string("learned_absolute")}},
      {"model.transformer_block_type", {std::string("post_ln")}},
      {"model.normalization", {std::string("layernorm")}},
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
                               const EncoderConfig& checkpoint) {
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
