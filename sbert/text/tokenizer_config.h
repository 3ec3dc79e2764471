#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/text/added_tokens.h"
#include "sbert/text/tokenizer_keys.h"

namespace sbert {

/// What stands beside tokenizer.json and vocab.txt: tokenizer_config.json, special_tokens_map.json
/// and added_tokens.json, as transformers 5.24 reads them.
struct TokenizerConfig {
  bool is_there = false;  ///< there is a tokenizer_config.json
  TokenizerClass tokenizer_class = TokenizerClass::kBert;
  std::optional<bool> do_lower_case{};  ///< none: true
  std::optional<bool> strip_accents{};  ///< none: as do_lower_case
  bool tokenize_chinese_chars = true;
  std::string unk_token = "[UNK]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string mask_token = "[MASK]";
  /// Whether there is an added_tokens_decoder, which names all added tokens.
  bool lists_added_tokens = false;
  /// Of added_tokens_decoder, else of added_tokens.json, by rising id; different contents.
  std::vector<AddedToken> added_tokens{};
  /// The special tokens that a file names, in the order in which they get ids; different contents.
  std::vector<AddedToken> special_tokens{};
  std::int64_t model_max_length = 0;  ///< 0: none given, or more than 10^9
  /// Whether a long text keeps its end, not its beginning; none: as tokenizer.json says.
  std::optional<bool> truncates_left{};
};

/// The bytes of the files, empty for a file that is not there.
struct TokenizerConfigFiles {
  std::string_view config{};        ///< tokenizer_config.json
  std::string_view special_map{};   ///< special_tokens_map.json; its keys go first
  std::string_view added_tokens{};  ///< added_tokens.json
};

/// The last two files count only where tokenizer_config.json has no added_tokens_decoder.
/// @throws Error(kInput) naming the file and the key that is wrong or not supported
TokenizerConfig read_tokenizer_config(const TokenizerConfigFiles& files);

/// The token with this content; nullptr if there is none.
const AddedToken* find_token(const std::vector<AddedToken>& tokens, std::string_view content);

}  // namespace sbert
