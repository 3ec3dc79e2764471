#pragma once

#include <cstdint>
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
  PieceDecoderOptions decoder;
};

/// Reads the bytes of a tokenizer.json. Its truncation and padding sections are not looked at.
/// @throws Error(kInput) naming the key that is wrong or not supported, and what would be
TokenizerDefinition read_tokenizer_json(std::string_view bytes);

/// Reads the bytes of a vocab.txt: a piece a line, its id the number of the line from 0; of equal
/// lines the last counts. The rest is as `config` says.
/// @throws Error(kInput)
TokenizerDefinition read_vocab_txt(std::string_view bytes, const TokenizerConfig& config);

}  // namespace sbert
