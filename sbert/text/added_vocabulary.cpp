#include "sbert/text/added_vocabulary.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

std::string form_of(const AddedToken& token, const BertNormalizer& normalizer) {
  if (!token.normalized) return token.content;
  std::string form;
  normalizer.append(token.content, form);
  if (form.empty()) {
    fail(ErrorKind::kInput, concat("normalization leaves nothing of the added token, "
                                   "\"normalized\": false would keep it: \"",
                                   token.content, '"'));
  }
  return form;
}

}  // namespace

AddedVocabulary::AddedVocabulary(const std::vector<AddedToken>& tokens,
                                 const WordPiece& model,
                                 const BertNormalizer& normalizer) {
  for (const AddedToken& token : tokens) {
    const std::int32_t id = assign_id(token, model);
    if (token.special) special_ids_.insert(id);
    forms_.emplace(id, form_of(token, normalizer));
  }
  // Where two tokens have one form, the first counts, and special tokens go first. (The wheel takes
  // one by chance.)
  std::vector<AddedTokenFinder::Pattern> raw;
  std::vector<AddedTokenFinder::Pattern> normalized;
  for (const bool special : {true, false}) {
    for (const AddedToken& token : tokens) {
      if (token.special != special) continue;
      const std::int32_t id = ids_.at(token.content);
      (token.normalized ? normalized : raw)
          .push_back({.text = forms_.at(id),
                      .id = id,
                      .single_word = token.single_word,
                      .lstrip = token.lstrip,
                      .rstrip = token.rstrip});
    }
  }
  raw_ = AddedTokenFinder(std::move(raw));
  normalized_ = AddedTokenFinder(std::move(normalized));
}

std::int32_t AddedVocabulary::assign_id(const AddedToken& token, const WordPiece& model) {
  if (ids_.contains(token.content)) {
    fail(ErrorKind::kInput, concat("duplicate added token: \"", token.content, '"'));
  }
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
  ids_.emplace(token.content, id);
  highest_id_ = std::max(highest_id_, id);
  return id;
}

std::int32_t AddedVocabulary::find(const std::string& content) const {
  const auto found = ids_.find(content);
  return found == ids_.end() ? -1 : found->second;
}

std::string_view AddedVocabulary::form(std::int32_t id) const {
  const auto found = forms_.find(id);
  return found == forms_.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace sbert
