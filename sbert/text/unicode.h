#pragma once

#include <cstdint>
#include <string_view>

#include "sbert/text/unicode_tables.h"

namespace sbert {

/// The properties of a scalar value, at most U+10FFFF.
inline CharacterProperties properties_of(char32_t code_point) {
  namespace tables = unicode_tables;
  const std::size_t middle =
      std::size_t{tables::kTop[code_point >> 11]} * 32 + (code_point >> 6 & 31);
  return tables::kRows[tables::kLeaves[std::size_t{tables::kMiddle[middle]} * 64 +
                                       (code_point & 63)]];
}

/// The full canonical decomposition of a character with kDecomposes; empty for any other.
std::u32string_view decomposition(char32_t code_point);

/// The lower-case form of a character with kHasLowerForm; empty for any other. Without regard to
/// the letters around it: a capital sigma always becomes U+03C3.
std::u32string_view lower_form(char32_t code_point);

/// The jamo of a precomposed Hangul syllable (Unicode 15, 3.12). `num_jamo` is 0 for any other
/// character.
struct HangulDecomposition {
  char32_t jamo[3] = {};
  int num_jamo = 0;
};
HangulDecomposition decompose_hangul(char32_t code_point);

}  // namespace sbert
