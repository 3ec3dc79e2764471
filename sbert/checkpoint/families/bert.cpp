#include "sbert/checkpoint/families/bert.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/model_json.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr std::string_view kModelType = "bert";
constexpr std::array<std::string_view, 3> kAnchors = {
    "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
    "encoder.layer.0.attention.self.query.weight"};

// Of a LayerNorm, as TensorFlow's BERT and the checkpoints made of it name its two parameters.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOldNames = {{
    {".LayerNorm.gamma", ".LayerNorm.weight"},
    {".LayerNorm.beta", ".LayerNorm.bias"},
}};

// A size, its key in config.json and the most that is read.
struct SizeKey {
  const char* key;
  const char* name;  // of the member
  std::int64_t BertSizes::* member;
  std::int64_t most;
};

constexpr std::array<SizeKey, 7> kSizes = {{
    {"vocab_size", "vocab_size", &BertSizes::vocab_size, 10'000'000},
    {"hidden_size", "hidden_size", &BertSizes::hidden_size, 65'536},
    {"num_hidden_layers", "num_layers", &BertSizes::num_layers, 1'000},
    {"num_attention_heads", "num_attention_heads", &BertSizes::num_attention_heads, 1'024},
    {"intermediate_size", "ffn_hidden_size", &BertSizes::ffn_hidden_size, 1 << 20},
    {"max_position_embeddings", "max_position_embeddings", &BertSizes::max_position_embeddings,
     1 << 20},
    {"type_vocab_size", "type_vocab_size", &BertSizes::type_vocab_size, 1'024},
}};

// The names of what is checked: those of the members, or of config.json.
struct Names {
  const char* SizeKey::* size;
  const char* epsilon;
  const char* hidden_dropout;
  const char* attention_dropout;
};

constexpr Names kMembers = {&SizeKey::name, "layernorm_epsilon", "hidden_dropout",
                            "attention_dropout"};
constexpr Names kConfigKeys = {&SizeKey::key, "layer_norm_eps", "hidden_dropout_prob",
                               "attention_probs_dropout_prob"};

void check(const BertSizes& sizes, const Names& names) {
  for (const SizeKey& size : kSizes) {
    const std::int64_t value = sizes.*size.member;
    if (value < 1 || value > size.most) {
      fail(ErrorKind::kInput,
           concat(size.*names.size, " must be from 1 to ", size.most, ": ", value));
    }
  }
  if (sizes.hidden_size % sizes.num_attention_heads != 0) {
    fail(ErrorKind::kInput, concat("hidden_size must be a multiple of num_attention_heads: ",
                                   sizes.hidden_size, " and ", sizes.num_attention_heads));
  }
  if (!(sizes.layernorm_epsilon > 0 && sizes.layernorm_epsilon < 1)) {
    fail(ErrorKind::kInput, concat(names.epsilon, " must be in (0, 1): ", sizes.layernorm_epsilon));
  }
  for (const auto& [name, rate] : {std::pair{names.hidden_dropout, sizes.dropout.hidden},
                                   std::pair{names.attention_dropout, sizes.dropout.attention}}) {
    if (!(rate >= 0 && rate < 1)) {
      fail(ErrorKind::kInput, concat(name, " must be in [0, 1): ", rate));
    }
  }
}

// Texts that must have one value where they are given.
void require(const json& config, const char* key, std::string_view only) {
  const std::optional<std::string> value = read_string(config, key);
  if (value && *value != only) {
    fail(ErrorKind::kInput,
         concat(key, " must be \"", only, "\", the only one supported: ", *value));
  }
}

EncoderSpec read(const json& config) {
  require(config, "position_embedding_type", "absolute");
  if (read_bool(config, "is_decoder").value_or(false)) {
    fail(ErrorKind::kInput, "is_decoder must be false: only encoders make embeddings");
  }
  BertSizes sizes;
  std::string missing;
  for (const SizeKey& size : kSizes) {
    const std::optional<std::int64_t> value = read_integer(config, size.key);
    if (value) {
      sizes.*size.member = *value;
    } else {
      missing += concat(missing.empty() ? "" : ", ", size.key);
    }
  }
  if (!missing.empty()) fail(ErrorKind::kInput, concat("keys are missing: ", missing));
  sizes.layernorm_epsilon = read_number(config, "layer_norm_eps").value_or(1e-12);
  sizes.dropout.hidden = read_number(config, "hidden_dropout_prob").value_or(0.1);
  sizes.dropout.attention = read_number(config, "attention_probs_dropout_prob").value_or(0.1);
  sizes.activation = activation_from_name(read_string(config, "hidden_act").value_or("gelu"));
  check(sizes, kConfigKeys);
  return bert_spec(sizes);
}

nlohmann::ordered_json write(const EncoderSpec& spec) {
  const BertSizes sizes = bert_sizes(spec);
  nlohmann::ordered_json config = {{"architectures", {"BertModel"}}, {"model_type", kModelType}};
  for (const SizeKey& size : kSizes)
    config[size.key] = sizes.*size.member;
  config["hidden_act"] = activation_name(sizes.activation);
  config["hidden_dropout_prob"] = sizes.dropout.hidden;
  config["attention_probs_dropout_prob"] = sizes.dropout.attention;
  config["layer_norm_eps"] = sizes.layernorm_epsilon;
  config["initializer_range"] = 0.02;
  config["position_embedding_type"] = "absolute";
  return config;
}

// parameter_specs() has BERT's own names.
std::optional<std::string> parameter_name(std::string_view tensor) {
  const bool is_of_encoder = tensor.starts_with("embeddings.") || tensor.starts_with("encoder.");
  const bool is_constant = tensor.ends_with(".position_ids") || tensor.ends_with(".token_type_ids");
  if (!is_of_encoder || is_constant) return std::nullopt;
  for (const auto& [before, now] : kOldNames) {
    if (tensor.ends_with(before))
      return concat(tensor.substr(0, tensor.size() - before.size()), now);
  }
  return std::string(tensor);
}

std::string tensor_name(std::string_view parameter) {
  return std::string(parameter);
}

}  // namespace

const EncoderFamily kBertFamily = {
    .model_type = kModelType,
    .read = read,
    .anchors = kAnchors,
    .write = write,
    .parameter_name = parameter_name,
    .tensor_name = tensor_name,
};

void BertSizes::validate() const {
  check(*this, kMembers);
}

EncoderSpec bert_spec(const BertSizes& sizes) {
  const std::int64_t head_dim = sizes.hidden_size / sizes.num_attention_heads;
  const LayerSpec layer{
      .attention = {.num_heads = sizes.num_attention_heads,
                    .num_key_heads = sizes.num_attention_heads,
                    .head_dim = head_dim,
                    .scale = 1 / std::sqrt(static_cast<double>(head_dim)),
                    .rope = std::nullopt},
      .feed_forward = {
          .width = sizes.ffn_hidden_size, .activation = sizes.activation, .experts = std::nullopt}};
  return {.family = std::string(kModelType),
          .width = sizes.hidden_size,
          .embeddings = {.vocab_size = sizes.vocab_size,
                         .width = sizes.hidden_size,
                         .num_positions = sizes.max_position_embeddings,
                         .num_types = sizes.type_vocab_size,
                         .padding_id = std::nullopt},
          .norm = {.epsilon = sizes.layernorm_epsilon},
          .layers = std::vector<LayerSpec>(static_cast<std::size_t>(sizes.num_layers), layer),
          .max_length = sizes.max_position_embeddings,
          .dropout = sizes.dropout};
}

BertSizes bert_sizes(const EncoderSpec& spec) {
  const LayerSpec layer = spec.layers.empty() ? LayerSpec{} : spec.layers.front();
  const BertSizes sizes{.vocab_size = spec.embeddings.vocab_size,
                        .hidden_size = spec.width,
                        .num_layers = static_cast<std::int64_t>(spec.layers.size()),
                        .num_attention_heads = layer.attention.num_heads,
                        .ffn_hidden_size = layer.feed_forward.width,
                        .max_position_embeddings = spec.embeddings.num_positions,
                        .type_vocab_size = spec.embeddings.num_types,
                        .layernorm_epsilon = spec.norm.epsilon,
                        .activation = layer.feed_forward.activation,
                        .dropout = spec.dropout};
  sizes.validate();
  const EncoderSpec same = bert_spec(sizes);
  const auto require_same = [&](bool is_same, const char* field) {
    if (!is_same) fail(ErrorKind::kInput, concat(field, " is not one that BERT has"));
  };
  require_same(spec.family == same.family, "family");
  require_same(spec.embeddings == same.embeddings, "embeddings");
  require_same(spec.norm == same.norm && spec.order == same.order, "norm");
  require_same(spec.position_bias == same.position_bias, "position_bias");
  require_same(spec.has_final_norm == same.has_final_norm, "has_final_norm");
  require_same(spec.layers == same.layers, "layers");
  require_same(spec.max_length == same.max_length, "max_length");
  return sizes;
}

}  // namespace sbert
