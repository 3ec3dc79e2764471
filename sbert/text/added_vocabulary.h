#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sbert/text/added_tokens.h"
#include "sbert/text/bert_normalizer.h"
#include "sbert/text/wordpiece.h"

namespace sbert {

/// The added tokens of a tokenizer with their ids: that of the vocabulary if the content is a piece
/// of it, else the next one behind the vocabulary and the tokens before.
class AddedVocabulary {
 public:
  /// @throws Error(kInput) naming the duplicate token, that has another id in the file,
  ///         whose id belongs to another piece, or of which normalization leaves nothing
  AddedVocabulary(const std::vector<AddedToken>& tokens,
                  const WordPiece& model,
                  const BertNormalizer& normalizer);

  /// -1 if there is no such token.
  std::int32_t find(const std::string& content) const;
  /// The text of an added token in decoded text: its normalized form if it is sought in
  /// normalized text. Empty if no added token has this id.
  std::string_view form(std::int32_t id) const;
  bool is_special(std::int32_t id) const { return special_ids_.contains(id); }
  /// -1 if there are none.
  std::int32_t highest_id() const { return highest_id_; }

  /// The tokens that are sought in the text as it comes.
  const AddedTokenFinder& raw() const { return raw_; }
  /// The tokens that are sought in normalized text.
  const AddedTokenFinder& normalized() const { return normalized_; }

 private:
  std::int32_t assign_id(const AddedToken& token, const WordPiece& model);

  std::unordered_map<std::string, std::int32_t> ids_;
  std::unordered_map<std::int32_t, std::string> forms_;
  std::unordered_set<std::int32_t> special_ids_;
  std::int32_t highest_id_ = -1;
  AddedTokenFinder raw_;
  AddedTokenFinder normalized_;
};

}  // namespace sbert
