#include "sbert/text/bert_pre_tokenizer.h"

#include <array>

#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

enum class Kind : unsigned char { kPartOfWord, kSpace, kPunctuation, kNotAscii };

constexpr std::array<Kind, 256> kByteKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t i = 0; i < 256; ++i) {
    const bool is_alphanumeric =
        (i >= '0' && i <= '9') || (i >= 'A' && i <= 'Z') || (i >= 'a' && i <= 'z');
    if (i >= 0x80) {
      kinds[i] = Kind::kNotAscii;
    } else if (i == ' ' || (i >= '\t' && i <= '\r')) {
      kinds[i] = Kind::kSpace;
    } else if (i > ' ' && i < 0x7F && !is_alphanumeric) {
      kinds[i] = Kind::kPunctuation;
    }
  }
  return kinds;
}();

struct Character {
  Kind kind;
  std::size_t length;
};

Character classify(std::string_view text, std::size_t position) {
  const Kind kind = kByteKinds[static_cast<unsigned char>(text[position])];
  if (kind != Kind::kNotAscii) return {kind, 1};
  const DecodedCharacter character = decode_character(text, position);
  const CharacterProperties properties = properties_of(character.code_point);
  if (properties.is(CharacterProperties::kWhiteSpace)) return {Kind::kSpace, character.length};
  if (properties.is(CharacterProperties::kPunctuation)) {
    return {Kind::kPunctuation, character.length};
  }
  return {Kind::kPartOfWord, character.length};
}

std::size_t skip_ascii_word(std::string_view text, std::size_t position) {
  const char* byte = text.data() + position;
  const char* const end = text.data() + text.size();
  while (byte < end && kByteKinds[static_cast<unsigned char>(*byte)] == Kind::kPartOfWord)
    ++byte;
  return static_cast<std::size_t>(byte - text.data());
}

}  // namespace

std::string_view next_word(std::string_view text, std::size_t& position) {
  Character character{};
  for (; position < text.size(); position += character.length) {
    character = classify(text, position);
    if (character.kind != Kind::kSpace) break;
  }
  const std::size_t begin = position;
  while (position < text.size()) {
    character = classify(text, position);
    if (character.kind == Kind::kPartOfWord) {
      position = skip_ascii_word(text, position + character.length);
      continue;
    }
    if (position == begin) position += character.length;  // punctuation, a word of its own
    break;
  }
  return text.substr(begin, position - begin);
}

}  // namespace sbert
