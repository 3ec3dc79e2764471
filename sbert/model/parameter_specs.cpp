#include "sbert/model/parameter_specs.h"

#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::int64_t kOutsideLayers = -1;

class List {
 public:
  explicit List(const NormSpec& norm) : norm_(norm) {}

  void enter_layer(std::int64_t layer) {
    layer_ = layer;
    prefix_ = concat("encoder.layer.", layer, ".");
  }
  void leave_layers() {
    layer_.reset();
    prefix_.clear();
  }

  void table(std::string_view name, ParameterRole role, std::int64_t rows, std::int64_t width) {
    if (rows > 0) add(concat(name, ".weight"), role, {rows, width}, false);
  }
  void linear(
      std::string_view name, ParameterRole role, std::int64_t out, std::int64_t in, bool has_bias) {
    add(concat(name, ".weight"), role, {out, in}, false);
    if (has_bias) add(concat(name, ".bias"), role, {out}, true);
  }
  void norm(std::string_view name, ParameterRole role, std::int64_t width) {
    add(concat(name, ".weight"), role, {width}, false);
    if (norm_.has_bias) add(concat(name, ".bias"), role, {width}, true);
  }

  std::vector<ParameterSpec> take() { return std::move(specs_); }

 private:
  void add(const std::string& name,
           ParameterRole role,
           std::vector<std::int64_t> shape,
           bool is_bias) {
    specs_.push_back({prefix_ + name, std::move(shape), role, layer_, is_bias});
  }

  const NormSpec& norm_;
  std::optional<std::int64_t> layer_;
  std::string prefix_;
  std::vector<ParameterSpec> specs_;
};

void add_embeddings(const EncoderSpec& spec, List& list) {
  using enum ParameterRole;
  const EmbeddingSpec& tables = spec.embeddings;
  list.table("embeddings.word_embeddings", kWordEmbedding, tables.vocab_size, tables.width);
  list.table("embeddings.position_embeddings", kPositionEmbedding, tables.num_positions,
             tables.width);
  list.table("embeddings.token_type_embeddings", kTypeEmbedding, tables.num_types, tables.width);
  if (tables.has_norm) list.norm("embeddings.LayerNorm", kEmbeddingNorm, tables.width);
  if (tables.width != spec.width) {
    list.linear("embeddings_project", kEmbeddingProjection, spec.width, tables.width, true);
  }
  if (spec.position_bias.kind == PositionBias::kBuckets) {
    list.table("encoder.relative_attention_bias", kPositionBias, spec.position_bias.num_buckets,
               spec.layers.front().attention.num_heads);
  }
}

void add_attention(const EncoderSpec& spec, const LayerSpec& layer, List& list) {
  using enum ParameterRole;
  const AttentionSpec& attention = layer.attention;
  const std::int64_t query_width = attention.num_heads * attention.head_dim;
  const std::int64_t key_width = attention.num_key_heads * attention.head_dim;
  const bool is_post = spec.order == NormOrder::kPost;
  const auto norm = [&] {
    if (layer.has_attention_norm) {
      list.norm("attention.output.LayerNorm", kAttentionNorm, spec.width);
    }
  };
  if (!is_post) norm();
  list.linear("attention.self.query", kQuery, query_width, spec.width, attention.has_bias);
  list.linear("attention.self.key", kKey, key_width, spec.width, attention.has_bias);
  list.linear("attention.self.value", kValue, key_width, spec.width, attention.has_bias);
  if (attention.query_key_norm != QueryKeyNorm::kNone) {
    const bool is_of_head = attention.query_key_norm == QueryKeyNorm::kHead;
    list.norm("attention.self.query_norm", kQueryNorm,
              is_of_head ? attention.head_dim : query_width);
    list.norm("attention.self.key_norm", kKeyNorm, is_of_head ? attention.head_dim : key_width);
  }
  list.linear("attention.output.dense", kAttentionOutput, spec.width, query_width,
              attention.has_output_bias);
  if (is_post) norm();
  if (spec.order == NormOrder::kSandwich) {
    list.norm("attention.output.post_norm", kAttentionOutputNorm, spec.width);
  }
}

void add_feed_forward(const EncoderSpec& spec, const FeedForwardSpec& feed_forward, List& list) {
  using enum ParameterRole;
  const std::int64_t experts = feed_forward.experts ? feed_forward.experts->count : 1;
  const std::int64_t rows = experts * feed_forward.width;
  const bool is_post = spec.order == NormOrder::kPost;
  if (!is_post) list.norm("output.LayerNorm", kFeedForwardNorm, spec.width);
  if (feed_forward.experts) {
    list.linear("intermediate.router", kRouter, experts, spec.width, false);
  }
  if (feed_forward.is_gated) {
    list.linear("intermediate.gate", kGate, rows, spec.width, feed_forward.has_bias);
  }
  list.linear("intermediate.dense", kUp, rows, spec.width, feed_forward.has_bias);
  if (feed_forward.experts) {
    list.table("output.dense", kDown, rows, spec.width);
  } else {
    list.linear("output.dense", kDown, spec.width, rows, feed_forward.has_down_bias);
  }
  if (is_post) list.norm("output.LayerNorm", kFeedForwardNorm, spec.width);
  if (spec.order == NormOrder::kSandwich) {
    list.norm("output.post_norm", kFeedForwardOutputNorm, spec.width);
  }
}

}  // namespace

bool is_norm(ParameterRole role) {
  using enum ParameterRole;
  switch (role) {
    case kEmbeddingNorm:
    case kQueryNorm:
    case kKeyNorm:
    case kAttentionNorm:
    case kAttentionOutputNorm:
    case kFeedForwardNorm:
    case kFeedForwardOutputNorm:
    case kFinalNorm:
      return true;
    default:
      return false;
  }
}

bool is_of_embeddings(ParameterRole role) {
  using enum ParameterRole;
  switch (role) {
    case kWordEmbedding:
    case kPositionEmbedding:
    case kTypeEmbedding:
    case kEmbeddingNorm:
    case kEmbeddingProjection:
      return true;
    default:
      return false;
  }
}

std::vector<ParameterSpec> parameter_specs(const EncoderSpec& spec) {
  List list(spec.norm);
  add_embeddings(spec, list);
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    list.enter_layer(static_cast<std::int64_t>(i));
    add_attention(spec, spec.layers[i], list);
    add_feed_forward(spec, spec.layers[i].feed_forward, list);
  }
  list.leave_layers();
  if (spec.has_final_norm) list.norm("encoder.final_norm", ParameterRole::kFinalNorm, spec.width);
  return list.take();
}

double num_parameters(const EncoderSpec& spec) {
  double total = 0;
  for (const ParameterSpec& parameter : parameter_specs(spec)) {
    double elements = 1;
    for (const std::int64_t size : parameter.shape)
      elements *= static_cast<double>(size);
    total += elements;
  }
  return total;
}

ParameterIndex::ParameterIndex(const std::vector<ParameterSpec>& specs) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    places_[{specs[i].role, specs[i].layer.value_or(kOutsideLayers), specs[i].is_bias}] = i;
}

std::optional<std::size_t> ParameterIndex::find(ParameterRole role,
                                                std::optional<std::int64_t> layer,
                                                bool is_bias) const {
  const auto found = places_.find({role, layer.value_or(kOutsideLayers), is_bias});
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t ParameterIndex::at(ParameterRole role,
                               std::optional<std::int64_t> layer,
                               bool is_bias) const {
  const std::optional<std::size_t> place = find(role, layer, is_bias);
  if (!place) fail(ErrorKind::kInternal, "the encoder has no parameter of this role");
  return *place;
}

}  // namespace sbert
