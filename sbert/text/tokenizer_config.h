#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/text/added_tokens.h"

namespace sbert {

/// What tokenizer_config.json and special_tokens_map.json say.
struct TokenizerConfig {
  std::optional<bool> do_lower_case{};  ///< none: true
  std::optional<bool> strip_accents{};  ///< none: as do_lower_case
  bool tokenize_chinese_chars = true;
  std::string unk_token = "[UNK]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string mask_token = "[MASK]";
  /// added_tokens_decoder by rising id, then the special tokens that a file names; different
  /// contents.
  std::vector<AddedToken> added_tokens{};
  std::int64_t model_max_length = 0;  ///< 0: none given, or more than 10^9
};

/// @param config_bytes tokenizer_config.json, empty if there is none; its keys go first
/// @param map_bytes special_tokens_map.json, empty if there is none
/// @throws Error(kInput) naming the file and the key that is wrong
TokenizerConfig read_tokenizer_config(std::string_view config_bytes, std::string_view map_bytes);

}  // namespace sbert
