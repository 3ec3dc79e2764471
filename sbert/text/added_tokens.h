#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// A string that is cut from the text whole, before words are.
struct AddedToken {
  std::string content;
  std::optional<std::int32_t> id{};  ///< as the file gives it
  bool single_word = false;          ///< not beside a letter, digit, mark or underscore
  bool lstrip = false;               ///< takes the white space on its left with it
  bool rstrip = false;               ///< takes the white space on its right with it
  bool normalized = true;            ///< its normalized form is sought in the normalized text
  bool special = false;              ///< left out of decoded text
};

/// Place of an added token in a text.
struct AddedTokenMatch {
  std::int32_t id = 0;
  std::size_t begin = 0;   ///< first byte, white space that it takes included
  std::size_t end = 0;     ///< behind the last byte, white space that it takes included
  std::size_t resume = 0;  ///< behind the content: where the search for the next goes on
};

/// Finds strings in a text: the leftmost, of those the longest, none overlapping another, as
/// Hugging Face's AddedVocabulary does it.
class AddedTokenFinder {
 public:
  struct Pattern {
    std::string text{};  ///< not empty
    std::int32_t id = 0;
    bool single_word = false;
    bool lstrip = false;
    bool rstrip = false;
  };

  AddedTokenFinder() : AddedTokenFinder(std::vector<Pattern>{}) {}
  /// Of patterns with equal text the first counts.
  explicit AddedTokenFinder(std::vector<Pattern> patterns);

  bool empty() const { return patterns_.empty(); }

  /// The first match whose content begins at `from` or later.
  /// @param text valid UTF-8, the whole of it, since the neighbours of a match matter
  /// @param taken bytes of the text that earlier matches have taken
  std::optional<AddedTokenMatch> next(std::string_view text,
                                      std::size_t from,
                                      std::size_t taken) const;

 private:
  const Pattern* longest_at(std::string_view text) const;

  std::vector<Pattern> patterns_;  // sorted by text, no two equal
  std::array<bool, 256> is_first_byte_{};
};

}  // namespace sbert
