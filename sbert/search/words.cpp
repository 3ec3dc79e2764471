#include "sbert/search/words.h"

#include "sbert/text/bert_normalizer.h"
#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

bool is_word_character(char32_t code_point) {
  const CharacterProperties properties = properties_of(code_point);
  return !properties.is(CharacterProperties::kPunctuation) &&
         !properties.is(CharacterProperties::kWhiteSpace) &&
         !properties.is(CharacterProperties::kRemoved);
}

bool is_ascii_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string word_form(std::string_view text) {
  static const BertNormalizer kNormalizer{BertNormalizerOptions{}};
  std::string normalized;
  normalized.reserve(text.size() + 1);
  if (is_valid_utf8(text)) {
    kNormalizer.append(text, normalized);
  } else {
    kNormalizer.append(replace_invalid_utf8(text), normalized);
  }

  // Never longer than what was read so far, so that it is written over the same bytes.
  std::size_t length = 0;
  bool space_is_due = false;
  for (std::size_t at = 0; at < normalized.size();) {
    const bool is_ascii = static_cast<unsigned char>(normalized[at]) < 0x80;
    const DecodedCharacter character =
        is_ascii ? DecodedCharacter{U'\0', 1} : decode_character(normalized, at);
    const bool is_word = is_ascii ? is_ascii_word_character(normalized[at])
                                  : is_word_character(character.code_point);
    if (!is_word) {
      space_is_due = length > 0;
      at += character.length;
      continue;
    }
    if (space_is_due) normalized[length++] = ' ';
    space_is_due = false;
    for (std::size_t i = 0; i < character.length; ++i)
      normalized[length++] = normalized[at++];
  }
  normalized.resize(length);
  return normalized;
}

}  // namespace sbert
