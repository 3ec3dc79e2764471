#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/text/added_tokens.h"
#include "sbert/text/bert_normalizer.h"
#include "sbert/text/piece_decoder.h"
#include "sbert/text/tokenizer_config.h"
#include "sbert/text/wordpiece.h"

namespace sbert {

/// A tokenizer as its files describe it.
struct TokenizerDefinition {
  WordPiece::Vocabulary vocabulary;  ///< different pieces
  WordPieceOptions model;
  BertNormalizerOptions normalizer;
  std::vector<AddedToken> added_tokens;  ///< different contents, none empty
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::optional<std::int32_t> cls_id;  ///< that the file gives to cls_token
  std::optional<std::int32_t> sep_id;
  bool truncates_left = false;  ///< a long text keeps its end, not its beginning
  PieceDecoderOptions decoder;
};

/// Reads the bytes of a tokenizer.json. Of its truncation section the direction counts, which is
/// the default of truncation_side; its padding section is not looked at.
/// @throws Error(kInput) naming the key that is wrong or not supported, and what would be
TokenizerDefinition read_tokenizer_json(std::string_view bytes);

/// Reads the bytes of a vocab.txt: a piece a line, without the white space at its end, its id the
/// number of the line from 0; of equal lines the last counts. The rest is as `config` says.
/// @throws Error(kInput)
TokenizerDefinition read_vocab_txt(std::string_view bytes, const TokenizerConfig& config);

/// Makes of a tokenizer.json what transformers makes of it beside the other files: a BertTokenizer
/// takes its normalizer from tokenizer_config.json, and each class adds the tokens that the files
/// name.
/// @throws Error(kInput) if the files contradict each other
void apply_config(const TokenizerConfig& config, TokenizerDefinition& definition);

/// The normalizer of a BertTokenizer.
BertNormalizerOptions bert_normalizer(const TokenizerConfig& config);

/// Adds the tokens that the files beside tokenizer.json name, and the special tokens that a
/// BertTokenizer has without being told.
void add_bert_tokens(const TokenizerConfig& config, TokenizerDefinition& definition);

}  // namespace sbert
