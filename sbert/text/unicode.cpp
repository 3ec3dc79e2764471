#include "sbert/text/unicode.h"

#include <algorithm>
#include <span>

namespace sbert {
namespace {

namespace tables = unicode_tables;

std::u32string_view find_form(std::span<const char32_t> keys,
                              const std::uint16_t* starts,
                              const char32_t* pool,
                              char32_t code_point) {
  const auto key = std::lower_bound(keys.begin(), keys.end(), code_point);
  if (key == keys.end() || *key != code_point) return {};
  const std::uint16_t* start = starts + (key - keys.begin());
  return {pool + start[0], pool + start[1]};
}

constexpr char32_t kFirstSyllable = 0xAC00;
constexpr char32_t kFirstLeading = 0x1100;
constexpr char32_t kFirstVowel = 0x1161;
constexpr char32_t kBeforeTrailing = 0x11A7;
constexpr char32_t kNumVowels = 21;
constexpr char32_t kNumTrailing = 28;
constexpr char32_t kNumSyllables = 19 * kNumVowels * kNumTrailing;

}  // namespace

std::u32string_view decomposition(char32_t code_point) {
  return find_form({tables::kDecompositionKeys, tables::kNumDecompositions},
                   tables::kDecompositionStarts, tables::kDecompositionPool, code_point);
}

std::u32string_view lower_form(char32_t code_point) {
  return find_form({tables::kLowerFormKeys, tables::kNumLowerForms}, tables::kLowerFormStarts,
                   tables::kLowerFormPool, code_point);
}

HangulDecomposition decompose_hangul(char32_t code_point) {
  const char32_t index = code_point - kFirstSyllable;  // wraps below the first syllable
  if (index >= kNumSyllables) return {};
  const char32_t trailing = index % kNumTrailing;
  return {.jamo = {kFirstLeading + index / (kNumVowels * kNumTrailing),
                   kFirstVowel + index / kNumTrailing % kNumVowels, kBeforeTrailing + trailing},
          .num_jamo = trailing == 0 ? 2 : 3};
}

}  // namespace sbert
