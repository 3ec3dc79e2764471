#include "sbert/text/added_vocabulary.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

AddedVocabulary::AddedVocabulary(const std::vector<AddedToken>& tokens,
                                 const WordPiece& model,
                                 const BertNormalizer& normalizer) {
  std::vector<AddedTokenFinder::Pattern> raw;
  std::vector<AddedTokenFinder::Pattern> normalized;
  const auto add_patterns = [&](bool special) {
    for (const AddedToken& token : tokens) {
      if (token.special != special) continue;
      AddedTokenFinder::Pattern pattern{
                                        .id = ids_.at(token.content),
                                        .single_word = token.single_word,
                                        .lstrip = token.lstrip,
                                        .rstrip = token.rstrip};
      if (token.normalized) {
        normalizer.append(token.content, pattern.text);
      } else {
        pattern.text = token.content;
      }
      if (pattern.text.empty()) {
        fail(ErrorKind::kInput, concat("nothing is left of an added token when it is normalized, "
                                       "\"normalized\": false would keep it: \"",
                                       token.content, '"'));
      }
      (token.normalized ? normalized : raw).push_back(std::move(pattern));
    }
  };
  for (const AddedToken& token : tokens) {
    const std::int32_t id = assign_id(token, model);
    if (token.special) special_ids_.insert(id);
  }
  // Where two tokens have one normalized form, the first counts, and special tokens go first.
  add_patterns(true);
  add_patterns(false);
  raw_ = AddedTokenFinder(std::move(raw));
  normalized_ = AddedTokenFinder(std::move(normalized));
}

std::int32_t AddedVocabulary::assign_id(const AddedToken& token, const WordPiece& model) {
  std::int32_t id = model.find(token.content);
  const bool is_piece = id >= 0;
  if (!is_piece) {
    id = std::max(highest_id_ + 1, static_cast<std::int32_t>(model.num_pieces()));
  }
  if (token.id && *token.id != id) {
    fail(ErrorKind::kInput,
         concat("the added token \"", token.content, "\" must have the id ", id,
                is_piece ? ", as in the vocabulary" : ", the next that is free", ": ", *token.id));
  }
  if (!is_piece && !model.piece(id).empty()) {
    fail(ErrorKind::kInput, concat("the id of the added token \"", token.content,
                                   "\" is that of the piece \"", model.piece(id), "\": ", id));
  }
  if (!ids_.emplace(token.content, id).second) {
    fail(ErrorKind::kInput, concat("the added token is there twice: \"", token.content, '"'));
  }
  contents_.emplace(id, token.content);
  highest_id_ = std::max(highest_id_, id);
  return id;
}

std::int32_t AddedVocabulary::find(const std::string& content) const {
  const auto found = ids_.find(content);
  return found == ids_.end() ? -1 : found->second;
}

std::string_view AddedVocabulary::content(std::int32_t id) const {
  const auto found = contents_.find(id);
  return found == contents_.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace sbert
