#include "sbert/checkpoint/transformer_settings.h"

#include <algorithm>
#include <array>
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

constexpr auto kFileNames = std::to_array<const char*>({
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
});

// Keys that change no embedding, in the file itself and in the options that it hands on: how
// batches are laid out, where files come from, in which type and by which code is computed.
constexpr auto kHarmlessKeys = std::to_array<std::string_view>({"backend", "unpad_inputs"});
constexpr auto kHarmlessOptions = std::to_array<std::string_view>({
    "add_pooling_layer",
    "attn_implementation",
    "cache_dir",
    "code_revision",
    "device_map",
    "dtype",
    "local_files_only",
    "low_cpu_mem_usage",
    "output_attentions",
    "output_hidden_states",
    "pad_to_multiple_of",
    "padding",
    "padding_side",
    "return_attention_mask",
    "return_dict",
    "return_tensors",
    "return_token_type_ids",
    "revision",
    "token",
    "torch_dtype",
    "trust_remote_code",
    "use_auth_token",
    "use_cache",
    "use_fast",
    "use_memory_efficient_attention",
    "use_safetensors",
});
constexpr auto kOptions =
    std::to_array<std::string_view>({"config_args", "config_kwargs", "model_args", "model_kwargs"});
constexpr auto kTokenizerOptions =
    std::to_array<std::string_view>({"processor_kwargs", "tokenizer_args"});
// Of another kind of model: null where it is not one.
constexpr auto kRefusedKeys = std::to_array<std::string_view>(
    {"document_length", "query_expansion", "query_length", "tokenizer_name_or_path"});
// Kinds of input of processing_kwargs that are no texts.
constexpr auto kOtherInputs =
    std::to_array<std::string_view>({"audio", "chat_template", "image", "video"});

template <std::size_t kSize>
bool is_in(const std::array<std::string_view, kSize>& table, std::string_view key) {
  return std::ranges::find(table, key) != table.end();
}

bool is_empty(const json& value) {
  return value.is_null() || ((value.is_object() || value.is_array()) && value.empty());
}

void check_object(const json& value) {
  if (!value.is_object()) {
    fail(ErrorKind::kInput, concat("must be an object, not ", value.type_name()));
  }
}

[[noreturn]] void refuse(std::string_view key, const json& value) {
  fail(ErrorKind::kInput, concat(key, " is not supported: ", value.dump()));
}

std::int64_t checked_length(const char* key, std::int64_t length) {
  if (length < 2) fail(ErrorKind::kInput, concat(key, " must be at least 2: ", length));
  return length;
}

void check_options(const json& options) {
  check_object(options);
  for (const auto& [key, value] : options.items()) {
    if (!is_in(kHarmlessOptions, key) && !is_empty(value)) refuse(key, value);
  }
}

// What the tokenizer is opened with: model_max_length goes over max_seq_length.
void read_tokenizer_options(const json& options, TransformerSettings& settings) {
  check_object(options);
  json others = options;
  others.erase("model_max_length");
  check_options(others);
  if (const auto length = read_integer(options, "model_max_length")) {
    settings.max_seq_length = checked_length("model_max_length", *length);
  }
}

// What the tokenizer is called with: {"text": {"max_length": 128}, "common": {...}, ...}.
void read_processing(const json& inputs, TransformerSettings& settings) {
  check_object(inputs);
  for (const auto& [input, options] : inputs.items()) {
    if (is_in(kOtherInputs, input) || is_empty(options)) continue;
    if (input != "text" && input != "common") {
      fail(ErrorKind::kInput, concat(input, " is not known"));
    }
    within(input, [&, &given = options] {
      check_object(given);
      json others = given;
      others.erase("max_length");
      const json& truncation = field(given, "truncation");
      if (truncation == true || truncation == "longest_first") others.erase("truncation");
      check_options(others);
      if (const auto length = read_integer(given, "max_length")) {
        settings.max_seq_length = checked_length("max_length", *length);
      }
    });
  }
}

// {"text": {"method": "forward", "method_output_name": "last_hidden_state"}, ...}
void check_modalities(const json& modalities) {
  check_object(modalities);
  const json& text = field(modalities, "text");
  check_object(text);
  for (const auto& [key, wanted] :
       {std::pair{"method", "forward"}, std::pair{"method_output_name", "last_hidden_state"}}) {
    if (field(text, key) != wanted) {
      fail(ErrorKind::kInput,
           concat("text.", key, " must be ", wanted, ": ", field(text, key).dump()));
    }
  }
}

void check_word(const json& config, const char* key, std::string_view wanted) {
  const std::string word = read_string(config, key).value_or(std::string(wanted));
  if (word != wanted) {
    fail(ErrorKind::kInput, concat(key, " must be ", wanted, ", the only one supported: ", word));
  }
}

// A key of which the readers of values below know nothing.
void check_key(std::string_view key, const json& value) {
  if (is_in(kRefusedKeys, key)) {
    if (!value.is_null()) refuse(key, value);
    return;
  }
  const bool is_read = key == "max_seq_length" || key == "do_lower_case" ||
                       key == "transformer_task" || key == "module_output_name" ||
                       key == "modality_config" || key == "processing_kwargs";
  if (is_read || is_in(kHarmlessKeys, key)) return;
  if (is_in(kOptions, key) || is_in(kTokenizerOptions, key)) return;
  fail(ErrorKind::kInput, concat(key, " is not known"));
}

}  // namespace

TransformerSettings read_transformer_settings(const json& config) {
  for (const auto& [key, value] : config.items())
    check_key(key, value);
  check_word(config, "transformer_task", "feature-extraction");
  check_word(config, "module_output_name", "token_embeddings");
  TransformerSettings settings;
  settings.do_lower_case = read_bool(config, "do_lower_case").value_or(false);
  if (const auto length = read_integer(config, "max_seq_length")) {
    settings.max_seq_length = checked_length("max_seq_length", *length);
  }
  const auto with = [&](std::string_view key, const auto& use) {
    const json& value = field(config, std::string(key).c_str());
    if (!value.is_null()) within(key, [&] { use(value); });
  };
  for (const std::string_view key : kOptions)
    with(key, check_options);
  for (const std::string_view key : kTokenizerOptions)
    with(key, [&](const json& value) { read_tokenizer_options(value, settings); });
  with("modality_config", check_modalities);
  with("processing_kwargs", [&](const json& value) { read_processing(value, settings); });
  return settings;
}

std::optional<std::filesystem::path> find_transformer_settings(
    const std::filesystem::path& folder) {
  for (const char* name : kFileNames) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  return std::nullopt;
}

}  // namespace sbert
