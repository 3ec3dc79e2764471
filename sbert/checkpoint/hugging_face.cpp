#include "sbert/checkpoint/hugging_face.h"

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/model_json.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/weight_files.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, Activation>, 4> kActivations = {{
    {"gelu", Activation::kGelu},
    {"gelu_new", Activation::kGeluTanh},
    {"gelu_pytorch_tanh", Activation::kGeluTanh},
    {"relu", Activation::kRelu},
}};

constexpr std::array<std::pair<const char*, std::int64_t EncoderConfig::*>, 7> kSizes = {{
    {"vocab_size", &EncoderConfig::vocab_size},
    {"hidden_size", &EncoderConfig::hidden_size},
    {"num_hidden_layers", &EncoderConfig::num_layers},
    {"num_attention_heads", &EncoderConfig::num_attention_heads},
    {"intermediate_size", &EncoderConfig::ffn_hidden_size},
    {"max_position_embeddings", &EncoderConfig::max_position_embeddings},
    {"type_vocab_size", &EncoderConfig::type_vocab_size},
}};

// Keys that the encoder's own errors begin with, and Hugging Face's names for them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOtherNames = {{
    {"num_layers", "num_hidden_layers"},
    {"ffn_hidden_size", "intermediate_size"},
    {"layernorm_epsilon", "layer_norm_eps"},
    {"hidden_dropout", "hidden_dropout_prob"},
    {"attention_dropout", "attention_probs_dropout_prob"},
}};

void validate(const EncoderConfig& config) {
  try {
    config.validate();
  } catch (const Error& error) {
    const std::string_view message = error.what();
    for (const auto& [ours, theirs] : kOtherNames) {
      if (!message.starts_with(ours)) continue;
      fail(error.kind(), concat(theirs, message.substr(ours.size())), error.where());
    }
    throw;
  }
}

// Texts that must have one value where they stand.
void require(const json& config, const char* key, std::string_view only) {
  const std::optional<std::string> value = read_string(config, key);
  if (value && *value != only) {
    fail(ErrorKind::kInput,
         concat(key, " must be \"", only, "\", the only one supported: ", *value));
  }
}

EncoderConfig encoder_config(const json& config) {
  if (!config.contains("model_type")) fail(ErrorKind::kInput, "model_type is missing");
  require(config, "model_type", "bert");
  require(config, "position_embedding_type", "absolute");
  if (read_bool(config, "is_decoder").value_or(false)) {
    fail(ErrorKind::kInput, "is_decoder must be false: only encoders make embeddings");
  }
  EncoderConfig result;
  std::string missing;
  for (const auto& [key, member] : kSizes) {
    const std::optional<std::int64_t> value = read_integer(config, key);
    if (value) {
      result.*member = *value;
    } else {
      missing += concat(missing.empty() ? "" : ", ", key);
    }
  }
  if (!missing.empty()) fail(ErrorKind::kInput, concat("keys are missing: ", missing));
  result.layernorm_epsilon = read_number(config, "layer_norm_eps").value_or(1e-12);
  result.hidden_dropout = read_number(config, "hidden_dropout_prob").value_or(0.1);
  result.attention_dropout = read_number(config, "attention_probs_dropout_prob").value_or(0.1);
  result.activation = activation_from_name(read_string(config, "hidden_act").value_or("gelu"));
  validate(result);
  return result;
}

}  // namespace

EncoderConfig parse_hugging_face_config(std::string_view text) {
  return encoder_config(parse_json_object(text));
}

std::string format_hugging_face_config(const EncoderConfig& config,
                                       std::int64_t pad_id,
                                       Precision precision) {
  nlohmann::ordered_json result = {{"architectures", {"BertModel"}}, {"model_type", "bert"}};
  for (const auto& [key, member] : kSizes)
    result[key] = config.*member;
  result["hidden_act"] = activation_name(config.activation);
  result["hidden_dropout_prob"] = config.hidden_dropout;
  result["attention_probs_dropout_prob"] = config.attention_dropout;
  result["layer_norm_eps"] = config.layernorm_epsilon;
  result["initializer_range"] = 0.02;
  result["pad_token_id"] = pad_id;
  result["position_embedding_type"] = "absolute";
  result["torch_dtype"] = type_name(precision);
  return result.dump(2) + "\n";
}

std::string_view activation_name(Activation activation) {
  for (const auto& [name, known] : kActivations) {
    if (known == activation) return name;
  }
  fail(ErrorKind::kInternal, "activation without a name");
}

Activation activation_from_name(std::string_view name) {
  for (const auto& [known, activation] : kActivations) {
    if (known == name) return activation;
  }
  fail(ErrorKind::kInput,
       concat("hidden_act must be gelu, gelu_new, gelu_pytorch_tanh or relu: ", name));
}

SentenceModel read_hugging_face(const std::filesystem::path& folder,
                                const std::filesystem::path& tokenizer_folder) {
  const std::filesystem::path config_file = folder / "config.json";
  const EncoderConfig config = within(
      config_file.native(), [&] { return parse_hugging_face_config(read_file(config_file)); });
  // Beside the weights: of a small model, the vocabulary takes as long.
  std::future<Tokenizer> reading =
      std::async(std::launch::async, [&] { return read_tokenizer(tokenizer_folder, config); });
  NamedTensors weights = from_hugging_face(read_folder_weights(folder));
  BertEncoder encoder =
      within(folder.native(), [&] { return make_encoder(config, std::move(weights)); });
  Tokenizer tokenizer = reading.get();
  const std::int64_t max_seq_length = default_max_seq_length(tokenizer, config);
  return {.tokenizer = std::move(tokenizer),
          .encoder = std::move(encoder),
          .max_seq_length = max_seq_length,
          .prompts = {},
          .default_prompt_name = {}};
}

void write_hugging_face(const SentenceModel& model,
                        const std::filesystem::path& folder,
                        Precision precision) {
  write_file_atomically(
      folder / "config.json",
      format_hugging_face_config(model.encoder.config(), model.tokenizer.pad_id(), precision));
  write_safetensors(folder / "model.safetensors",
                    in_precision(hugging_face_weights(model.encoder.parameters()), precision),
                    {{"format", "pt"}});
  for (const auto& [name, bytes] : model.tokenizer.files()) {
    write_file_atomically(folder / name, bytes);
  }
}

Tokenizer read_tokenizer(const std::filesystem::path& folder, const EncoderConfig& config) {
  return within(folder.native(), [&] {
    Tokenizer tokenizer(read_tokenizer_files(folder));
    check_vocabulary(tokenizer, config);
    return tokenizer;
  });
}

void check_vocabulary(const Tokenizer& tokenizer, const EncoderConfig& config) {
  if (tokenizer.vocab_size() <= config.vocab_size) return;
  fail(ErrorKind::kInput, concat("the tokenizer has more ids than the encoder: ",
                                 tokenizer.vocab_size(), " and ", config.vocab_size));
}

std::int64_t default_max_seq_length(const Tokenizer& tokenizer, const EncoderConfig& config) {
  const std::int64_t most = config.max_position_embeddings;
  const std::int64_t wanted = tokenizer.model_max_length();
  return wanted > 0 ? std::min(wanted, most) : most;
}

}  // namespace sbert
