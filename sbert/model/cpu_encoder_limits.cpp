#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/model/cpu_encoder.h"
#include "sbert/model/packed_layer.h"

namespace sbert {
namespace {

// What CpuEncoder can run; the rest is refused by the name of its field.
class Limits {
 public:
  void enter(std::string prefix) { prefix_ = std::move(prefix); }
  void require(bool can_run, std::string_view field, std::string_view what) const {
    if (!can_run) {
      fail(ErrorKind::kInput, concat(prefix_, field, ": the CPU encoder does not run ", what));
    }
  }

 private:
  std::string prefix_;
};

void check(const EmbeddingSpec& tables, std::int64_t width, Limits& limits) {
  limits.enter("embeddings.");
  limits.require(tables.width == width, "width", "tables of another width than the encoder's");
  limits.require(!tables.padding_id, "padding_id", "positions that count from a padding id");
  limits.require(tables.scale == 1, "scale", "scaled word embeddings");
  limits.require(tables.has_norm, "has_norm", "embeddings without a norm");
}

void check(const AttentionSpec& attention, const std::string& prefix, Limits& limits) {
  limits.enter(prefix + "attention.");
  limits.require(attention.score_cap == 0, "score_cap", "capped scores");
  limits.require(!attention.rope, "rope", "rotary positions");
  limits.require(attention.query_key_norm == QueryKeyNorm::kNone, "query_key_norm",
                 "norms of queries and keys");
}

void check(const FeedForwardSpec& feed_forward, const std::string& prefix, Limits& limits) {
  limits.enter(prefix + "feed_forward.");
  limits.require(epilogue_of(feed_forward.activation).has_value(), "activation", "silu or tanh");
  limits.require(!feed_forward.is_gated, "is_gated", "gated feed-forward networks");
  limits.require(!feed_forward.experts, "experts", "experts");
}

}  // namespace

void CpuEncoder::check_can_run(const EncoderSpec& spec) {
  Limits limits;
  limits.require(spec.norm.kind == NormKind::kLayerNorm, "norm.kind", "RMS norms");
  limits.require(spec.norm.weight_offset == 0, "norm.weight_offset", "norms with an offset");
  limits.require(spec.order == NormOrder::kPost, "order",
                 "norms that are not behind the attention and the feed-forward network");
  limits.require(spec.position_bias.kind == PositionBias::kNone, "position_bias.kind",
                 "scores with a bias by distance");
  limits.require(!spec.has_final_norm, "has_final_norm", "a final norm");
  check(spec.embeddings, spec.width, limits);
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const std::string prefix = concat("layers.", i, ".");
    limits.enter(prefix);
    limits.require(layer.has_attention_norm, "has_attention_norm",
                   "layers without a norm of the attention");
    check(layer.attention, prefix, limits);
    check(layer.feed_forward, prefix, limits);
  }
}

}  // namespace sbert
