#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sbert/text/piece_table.h"

namespace sbert {

/// The model section of a WordPiece tokenizer.
struct WordPieceOptions {
  std::string unk_token = "[UNK]";
  std::string continuing_subword_prefix = "##";
  std::int64_t max_input_chars_per_word = 100;  ///< a longer word is one unk_token
};

/// Cuts words into the longest pieces of a vocabulary, from left to right.
class WordPiece {
 public:
  using Vocabulary = std::vector<std::pair<std::string, std::int32_t>>;

  /// @param vocabulary different pieces, each with its id
  /// @throws Error(kInput) if an id is negative, above 10,000,000 or a duplicate, or if unk_token
  ///         is not in the vocabulary
  WordPiece(Vocabulary vocabulary, const WordPieceOptions& options);
  WordPiece(WordPiece&&) = default;

  /// Appends the ids of a word, valid UTF-8 and not empty: its pieces, or unk_token if they do not
  /// cover it or it is too long.
  void append(std::string_view word, std::vector<std::int32_t>& ids) const;

  /// -1 if the piece is not in the vocabulary.
  std::int32_t find(std::string_view piece) const { return pieces_.find(piece); }
  /// Empty if there is no piece with this id.
  std::string_view piece(std::int32_t id) const;
  std::int64_t num_pieces() const { return static_cast<std::int64_t>(vocabulary_.size()); }
  /// One more than the highest id of a piece that a word can have: not empty, no white space in it.
  std::int64_t num_reachable_ids() const { return num_reachable_ids_; }

 private:
  void index_ids();

  Vocabulary vocabulary_;
  std::vector<std::uint32_t> index_of_id_;  // in vocabulary_, + 1; 0: no piece
  PieceTable pieces_;                       // whole pieces: what a word may begin with
  PieceTable continuations_;                // pieces with the prefix, without it: what may follow
  std::int64_t num_reachable_ids_ = 0;
  std::size_t max_characters_ = 0;
  std::int32_t unk_id_ = -1;
};

/// The highest id that a vocabulary may give a piece.
inline constexpr std::int64_t kMaxTokenId = 10'000'000;

}  // namespace sbert
