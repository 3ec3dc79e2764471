#pragma once

// The layout of the generated unicode_tables.cpp. Only unicode.h reads it.

#include <cstddef>
#include <cstdint>

namespace sbert {

/// What the pinned Hugging Face `tokenizers` takes a code point for. Its tables are older than the
/// current Unicode in places; these are measured from it, not taken from the standard.
struct CharacterProperties {
  enum Flag : std::uint8_t {
    kRemoved = 1,          ///< clean_text drops it: control, format, private use, U+FFFD
    kWhiteSpace = 2,       ///< separates words
    kPunctuation = 4,      ///< a word of its own
    kCjk = 8,              ///< handle_chinese_chars sets spaces around it
    kNonspacingMark = 16,  ///< strip_accents drops it after decomposition
    kWord = 32,            ///< \w: a neighbour that keeps a single_word token from matching
    kDecomposes = 64,      ///< decomposition() has an entry (Hangul syllables go by rule)
    kHasLowerForm = 128,   ///< lower_form() has an entry
  };
  std::uint8_t flags = 0;
  std::uint8_t combining_class = 0;  ///< canonical combining class, 0 for a starter

  constexpr bool is(Flag flag) const { return (flags & flag) != 0; }
};

namespace unicode_tables {

// A code point's row: kRows[kLeaves[kMiddle[kTop[c >> 11] * 32 + (c >> 6 & 31)] * 64 + (c & 63)]].
extern const CharacterProperties kRows[];
extern const std::uint8_t kTop[];
extern const std::uint16_t kMiddle[];
extern const std::uint8_t kLeaves[];

// The form of kXKeys[i] is kXPool[kXStarts[i]] up to kXPool[kXStarts[i + 1]]. Keys are sorted.
extern const char32_t kDecompositionKeys[];
extern const std::uint16_t kDecompositionStarts[];
extern const char32_t kDecompositionPool[];
extern const std::size_t kNumDecompositions;
extern const char32_t kLowerFormKeys[];
extern const std::uint16_t kLowerFormStarts[];
extern const char32_t kLowerFormPool[];
extern const std::size_t kNumLowerForms;

}  // namespace unicode_tables
}  // namespace sbert
