#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace sbert {

/// What a class of transformers makes of the tokenizer files.
enum class TokenizerClass {
  kBert,     ///< its own normalizer and template, over those of tokenizer.json
  kGeneric,  ///< all as tokenizer.json says it
};

/// @param name of the class, with or without "Fast"; none: BertTokenizer, as for model_type bert
/// @throws Error(kInput) naming the classes that are supported
TokenizerClass read_tokenizer_class(const std::optional<std::string>& name);

/// Looks for what a tokenizer_config.json, or a special_tokens_map.json, may ask for and does not
/// get: refuses keys that transformers heeds and that are not supported, and warns of those that
/// nobody knows.
/// @param file name, for the warning
/// @throws Error(kInput) naming the key
void check_tokenizer_keys(const nlohmann::json& root, std::string_view file);

/// Whether the key names a special token beside those of BERT: any "..._token" with a text.
bool names_special_token(std::string_view key, const nlohmann::json& value);

}  // namespace sbert
