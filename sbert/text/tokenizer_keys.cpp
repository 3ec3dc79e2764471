#include "sbert/text/tokenizer_keys.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

using nlohmann::json;

// Those that are BertTokenizer, or add nothing to it (transformers 5.24).
constexpr auto kBertClasses = std::to_array<std::string_view>({
    "BertTokenizer",
    "ConvBertTokenizer",
    "DPRContextEncoderTokenizer",
    "DPRQuestionEncoderTokenizer",
    "DPRReaderTokenizer",
    "DistilBertTokenizer",
    "ElectraTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "MobileBertTokenizer",
    "SqueezeBertTokenizer",
});
constexpr auto kGenericClasses = std::to_array<std::string_view>({
    "PreTrainedTokenizer",
    "TokenizersBackend",
});

// What the readers of tokenizer_config.json look at.
constexpr auto kReadKeys = std::to_array<std::string_view>({
    "added_tokens_decoder",
    "additional_special_tokens",
    "do_lower_case",
    "extra_special_tokens",
    "max_len",
    "model_max_length",
    "model_specific_special_tokens",
    "strip_accents",
    "tokenize_chinese_chars",
    "tokenizer_class",
    "truncation_side",
});

// What changes no id of a text: padding, decoding, chats, where the files came from, and settings
// of Python tokenizers that those of the library do not have.
constexpr auto kHarmlessKeys = std::to_array<std::string_view>({
    "_commit_hash",
    "add_bos_token",
    "add_eos_token",
    "add_prefix_space",
    "auto_map",
    "backend",
    "chat_control_tokens",
    "chat_template",
    "clean_text",
    "clean_up_tokenization_spaces",
    "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output",
    "device_map",
    "do_basic_tokenize",
    "errors",
    "files_loaded",
    "full_tokenizer_file",
    "is_local",
    "legacy",
    "local_files_only",
    "max_length",
    "merges_file",
    "model_input_names",
    "model_type",
    "name_or_path",
    "never_split",
    "pad_to_multiple_of",
    "pad_token_type_id",
    "padding_side",
    "processor_class",
    "response_schema",
    "response_template",
    "return_token_type_ids",
    "sp_model_kwargs",
    "special_tokens_map_file",
    "stride",
    "tokenizer_file",
    "trim_offsets",
    "truncation_strategy",
    "trust_remote_code",
    "use_fast",
    "verbose",
    "vocab_file",
    "vocab_size",
    "wordpieces_prefix",
});

// What would change the ids. Its value without a meaning is taken: null, false, and empty ones.
constexpr auto kRefusedKeys = std::to_array<std::string_view>({
    "fast_tokenizer_files",
    "gguf_file",
    "init_inputs",
    "merges",
    "post_processor",
    "split_special_tokens",
    "tokenizer_object",
    "tokenizer_padding",
    "tokenizer_truncation",
    "vocab",
});

template <std::size_t kSize>
bool is_in(const std::array<std::string_view, kSize>& table, std::string_view key) {
  return std::ranges::find(table, key) != table.end();
}

bool asks_for_nothing(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
}

template <std::size_t kSize>
std::string listed(const std::array<std::string_view, kSize>& names) {
  std::string list;
  for (const std::string_view name : names)
    list += concat(list.empty() ? "" : ", ", name);
  return list;
}

}  // namespace

TokenizerClass read_tokenizer_class(const std::optional<std::string>& name) {
  if (!name) return TokenizerClass::kBert;
  std::string_view plain = *name;
  if (plain.ends_with("Fast")) plain.remove_suffix(4);
  if (is_in(kBertClasses, plain)) return TokenizerClass::kBert;
  if (is_in(kGenericClasses, plain)) return TokenizerClass::kGeneric;
  fail(ErrorKind::kInput,
       concat("tokenizer_class is not supported; it must be one of ", listed(kBertClasses), ", ",
              listed(kGenericClasses), ", with or without Fast: ", *name));
}

bool names_special_token(std::string_view key, const json& value) {
  return key.ends_with("_token") && (value.is_string() || value.is_object() || value.is_null());
}

void check_tokenizer_keys(const json& root, std::string_view file) {
  std::string unknown;
  for (const auto& [key, value] : root.items()) {
    if (is_in(kRefusedKeys, key)) {
      if (asks_for_nothing(value)) continue;
      fail(ErrorKind::kInput, concat(key, " is not supported; without it, the tokenizer is read"));
    }
    if (is_in(kReadKeys, key) || is_in(kHarmlessKeys, key) || names_special_token(key, value)) {
      continue;
    }
    unknown += concat(unknown.empty() ? "" : ", ", key);
  }
  if (!unknown.empty()) {
    log_warning(concat(file, ": keys that are not known change nothing: ", unknown));
  }
}

}  // namespace sbert
