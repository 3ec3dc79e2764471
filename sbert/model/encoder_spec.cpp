#include "sbert/model/encoder_spec.h"

#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::int64_t kMaxVocabulary = 10'000'000;
constexpr std::int64_t kMaxWidth = 65'536;
constexpr std::int64_t kMaxLayers = 1'000;
constexpr std::int64_t kMaxHeads = 1'024;
constexpr std::int64_t kMaxFeedForward = 1 << 20;
constexpr std::int64_t kMaxPositions = 1 << 20;
constexpr std::int64_t kMaxTypes = 1'024;
constexpr std::int64_t kMaxBuckets = 65'536;

void check(std::string_view field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  fail(ErrorKind::kInput, concat(field, " must be from ", least, " to ", most, ": ", value));
}

void check_positive(std::string_view field, double value) {
  if (!(value > 0)) fail(ErrorKind::kInput, concat(field, " must be positive: ", value));
}

void check_attention(const AttentionSpec& attention) {
  check("attention.num_heads", attention.num_heads, 1, kMaxHeads);
  check("attention.num_key_heads", attention.num_key_heads, 1, attention.num_heads);
  check("attention.head_dim", attention.head_dim, 1, kMaxWidth);
  check("attention.window", attention.window, 0, kMaxPositions);
  if (attention.num_heads % attention.num_key_heads != 0) {
    fail(ErrorKind::kInput,
         concat("attention.num_heads must be a multiple of attention.num_key_heads: ",
                attention.num_heads, " and ", attention.num_key_heads));
  }
  check_positive("attention.scale", attention.scale);
  if (!attention.rope) return;
  check_positive("attention.rope.theta", attention.rope->theta);
  check_positive("attention.rope.position_scale", attention.rope->position_scale);
  if (attention.head_dim % 2 != 0) {
    fail(ErrorKind::kInput,
         concat("attention.head_dim must be even for rope: ", attention.head_dim));
  }
}

void check_feed_forward(const FeedForwardSpec& feed_forward) {
  check("feed_forward.width", feed_forward.width, 1, kMaxFeedForward);
  if (!feed_forward.experts) return;
  check("feed_forward.experts.count", feed_forward.experts->count, 1, kMaxHeads);
  check("feed_forward.experts.used", feed_forward.experts->used, 1, feed_forward.experts->count);
}

// Its table has a column for each head, and all layers use it.
void check_buckets(const PositionBiasSpec& bias, const std::vector<LayerSpec>& layers) {
  check("position_bias.num_buckets", bias.num_buckets, 2, kMaxBuckets);
  check("position_bias.max_distance", bias.max_distance, 1, kMaxPositions);
  const std::int64_t heads = layers.front().attention.num_heads;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].attention.num_heads == heads) continue;
    fail(ErrorKind::kInput, concat("position_bias needs as many heads in all layers: layer ", i,
                                   " has ", layers[i].attention.num_heads, ", the first ", heads));
  }
}

}  // namespace

void EncoderSpec::validate() const {
  check("width", width, 1, kMaxWidth);
  check("embeddings.vocab_size", embeddings.vocab_size, 1, kMaxVocabulary);
  check("embeddings.width", embeddings.width, 1, kMaxWidth);
  check("embeddings.num_positions", embeddings.num_positions, 0, kMaxPositions);
  check("embeddings.num_types", embeddings.num_types, 0, kMaxTypes);
  check("layers", static_cast<std::int64_t>(layers.size()), 1, kMaxLayers);
  check("max_length", max_length, 0, kMaxPositions);
  if (!(norm.epsilon > 0 && norm.epsilon < 1)) {
    fail(ErrorKind::kInput, concat("norm.epsilon must be in (0, 1): ", norm.epsilon));
  }
  for (const auto& [field, rate] : {std::pair{"dropout.hidden", dropout.hidden},
                                    std::pair{"dropout.attention", dropout.attention}}) {
    if (!(rate >= 0 && rate < 1)) {
      fail(ErrorKind::kInput, concat(field, " must be in [0, 1): ", rate));
    }
  }
  std::size_t number = 0;
  for (const LayerSpec& layer : layers) {
    within(concat("layers.", number++), [&] {
      check_attention(layer.attention);
      check_feed_forward(layer.feed_forward);
    });
  }
  if (position_bias.kind == PositionBias::kBuckets) check_buckets(position_bias, layers);
}

}  // namespace sbert
