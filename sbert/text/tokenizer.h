#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// The files that define a tokenizer, by name ("tokenizer.json", "vocab.txt", ...), as bytes. They
/// travel with the model unchanged through every form that it is saved in.
using TokenizerFiles = std::map<std::string, std::string>;

/// The tokenizer files of a model folder: those present of tokenizer.json, vocab.txt,
/// tokenizer_config.json, special_tokens_map.json and added_tokens.json.
/// @throws Error(kInput) if there is neither a tokenizer.json nor a vocab.txt
TokenizerFiles read_tokenizer_files(const std::filesystem::path& folder);

/// A text as a model reads it.
struct TokenizedText {
  std::vector<std::int32_t> ids;  ///< [CLS] ... [SEP]
  bool is_cut = false;            ///< it has more tokens than were wanted
};

/// Text to token ids, id for id as Hugging Face's `tokenizers` 0.23.3 does it for BERT models:
/// added tokens, BertNormalizer, BertPreTokenizer, WordPiece, truncation, [CLS] ... [SEP].
/// Immutable; any number of threads may encode at once. A copy shares its tables.
class Tokenizer {
 public:
  /// Takes tokenizer.json if it is there, else vocab.txt, with the settings of the other files as
  /// transformers 5.24 heeds them. A tokenizer.json alone is all that there is to say.
  /// @throws Error(kInput) naming the file and the key that is wrong or not supported
  explicit Tokenizer(TokenizerFiles files);

  /// @param text UTF-8; invalid bytes become U+FFFD as Python's decode(errors="replace") does it
  /// @param max_length most ids that come out, the special tokens counted; at least 2. What is
  ///                   beyond is cut off at the text's end, or at its beginning if truncation_side
  ///                   is left
  TokenizedText tokenize(std::string_view text, std::int64_t max_length) const;
  /// The ids of tokenize().
  std::vector<std::int32_t> encode(std::string_view text, std::int64_t max_length) const;

  /// The text of ids, special tokens left out, word pieces joined.
  std::string decode(const std::vector<std::int32_t>& ids) const;
  /// The piece with this id: "##ing". Empty if there is none.
  std::string_view piece(std::int32_t id) const;

  /// One more than the highest id that a text can have.
  std::int64_t vocab_size() const;
  /// `model_max_length` of tokenizer_config.json, 0 if it says none (or more than 10^9).
  std::int64_t model_max_length() const;
  std::int32_t pad_id() const;

  const TokenizerFiles& files() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace sbert
