#include "sbert/text/wordpiece.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

bool can_be_in_a_word(std::string_view piece) {
  for (std::size_t position = 0; position < piece.size();) {
    const DecodedCharacter character = decode_character(piece, position);
    if (properties_of(character.code_point).is(CharacterProperties::kWhiteSpace)) return false;
    position += character.length;
  }
  return !piece.empty();
}

}  // namespace

WordPiece::WordPiece(Vocabulary vocabulary, const WordPieceOptions& options)
    : vocabulary_(std::move(vocabulary)),
      max_characters_(static_cast<std::size_t>(options.max_input_chars_per_word)) {
  // Low ids are frequent pieces in most vocabularies, and lie together in the tables.
  std::sort(vocabulary_.begin(), vocabulary_.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  index_ids();
  const std::string_view prefix = options.continuing_subword_prefix;
  std::vector<PieceTable::Entry> pieces;
  std::vector<PieceTable::Entry> continuations;
  pieces.reserve(vocabulary_.size());
  for (const auto& [text, id] : vocabulary_) {
    const std::string_view piece = text;
    pieces.push_back({piece, id});
    if (piece.starts_with(prefix)) continuations.push_back({piece.substr(prefix.size()), id});
  }
  pieces_ = PieceTable(pieces);
  continuations_ = PieceTable(continuations);
  unk_id_ = find(options.unk_token);
  if (unk_id_ < 0) {
    fail(ErrorKind::kInput, concat("unk_token is not in the vocabulary: ", options.unk_token));
  }
}

void WordPiece::index_ids() {
  std::int64_t highest = -1;
  for (const auto& [piece, id] : vocabulary_) {
    if (id < 0 || id > kMaxTokenId) {
      fail(ErrorKind::kInput, concat("the id of a piece must be from 0 to ", kMaxTokenId, ": \"",
                                     piece, "\" has ", id));
    }
    highest = std::max(highest, std::int64_t{id});
  }
  index_of_id_.resize(static_cast<std::size_t>(highest + 1));
  for (std::size_t i = 0; i < vocabulary_.size(); ++i) {
    std::uint32_t& index = index_of_id_[static_cast<std::size_t>(vocabulary_[i].second)];
    if (index != 0) {
      fail(ErrorKind::kInput,
           concat("two pieces have the id ", vocabulary_[i].second, ": \"",
                  vocabulary_[index - 1].first, "\" and \"", vocabulary_[i].first, "\""));
    }
    index = static_cast<std::uint32_t>(i + 1);
  }
  const auto last = std::find_if(vocabulary_.rbegin(), vocabulary_.rend(),
                                 [](const auto& entry) { return can_be_in_a_word(entry.first); });
  if (last != vocabulary_.rend()) num_reachable_ids_ = std::int64_t{last->second} + 1;
}

void WordPiece::append(std::string_view word, std::vector<std::int32_t>& ids) const {
  // A word has at least as many bytes as characters, so most need no count.
  if (word.size() > max_characters_ && count_characters(word) > max_characters_) {
    ids.push_back(unk_id_);
    return;
  }
  const std::size_t num_before = ids.size();
  const PieceTable* table = &pieces_;
  while (!word.empty()) {
    const PieceTable::Match match = table->longest_prefix(word);
    if (match.id < 0) {
      ids.resize(num_before);
      ids.push_back(unk_id_);
      return;
    }
    ids.push_back(match.id);
    word.remove_prefix(match.length);
    table = &continuations_;
  }
}

std::string_view WordPiece::piece(std::int32_t id) const {
  if (id < 0 || id >= std::ssize(index_of_id_)) return {};
  const std::uint32_t index = index_of_id_[static_cast<std::size_t>(id)];
  return index == 0 ? std::string_view{} : std::string_view{vocabulary_[index - 1].first};
}

}  // namespace sbert
