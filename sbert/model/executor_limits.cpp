#include "sbert/model/executor_limits.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

void check(const EmbeddingSpec& tables, std::int64_t width, ExecutorLimits& limits) {
  limits.enter("embeddings.");
  limits.require(tables.width == width, "width", "tables of another width than the encoder's");
  limits.require(!tables.padding_id, "padding_id", "positions that count from a padding id");
  limits.require(tables.scale == 1, "scale", "scaled word embeddings");
  limits.require(tables.has_norm, "has_norm", "embeddings without a norm");
}

void check(const LayerSpec& layer, const std::string& prefix, ExecutorLimits& limits) {
  limits.enter(prefix);
  limits.require(layer.has_attention_norm, "has_attention_norm",
                 "layers without a norm of the attention");
  const AttentionSpec& attention = layer.attention;
  limits.enter(prefix + "attention.");
  limits.require(attention.score_cap == 0, "score_cap", "capped scores");
  limits.require(!attention.rope, "rope", "rotary positions");
  limits.require(attention.query_key_norm == QueryKeyNorm::kNone, "query_key_norm",
                 "norms of queries and keys");
  limits.enter(prefix + "feed_forward.");
  limits.require(!layer.feed_forward.is_gated, "is_gated", "gated feed-forward networks");
  limits.require(!layer.feed_forward.experts, "experts", "experts");
}

}  // namespace

void ExecutorLimits::require(bool can_run, std::string_view field, std::string_view what) const {
  if (can_run) return;
  fail(ErrorKind::kInput, concat(prefix_, field, ": ", executor_, " does not run ", what));
}

std::string layer_prefix(std::size_t layer) {
  return concat("layers.", layer, ".");
}

void check_common_limits(const EncoderSpec& spec, ExecutorLimits& limits) {
  limits.enter("");
  limits.require(spec.norm.kind == NormKind::kLayerNorm, "norm.kind", "RMS norms");
  limits.require(spec.norm.weight_offset == 0, "norm.weight_offset", "norms with an offset");
  limits.require(spec.order == NormOrder::kPost, "order",
                 "norms that are not behind the attention and the feed-forward network");
  limits.require(spec.position_bias.kind == PositionBias::kNone, "position_bias.kind",
                 "scores with a bias by distance");
  limits.require(!spec.has_final_norm, "has_final_norm", "a final norm");
  check(spec.embeddings, spec.width, limits);
  for (std::size_t i = 0; i < spec.layers.size(); ++i)
    check(spec.layers[i], layer_prefix(i), limits);
}

}  // namespace sbert
