#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sbert {

/// What Python's decode(errors="replace") puts in the place of bytes that are not UTF-8.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// One step of a decoder over bytes.
struct DecodedCharacter {
  char32_t code_point = 0;  ///< kReplacementCharacter if the bytes are invalid
  std::size_t length = 0;   ///< bytes taken, at least 1
  bool is_valid = true;
};

/// Decodes the character at `position`, which must be below text.size(). Of an invalid sequence it
/// takes the longest part that begins a valid one, or a single byte (Unicode 15, 3.9, "maximal
/// subpart"); surrogates, overlong forms and values above U+10FFFF are invalid.
DecodedCharacter decode_character(std::string_view text, std::size_t position);

/// Appends the UTF-8 form of a scalar value.
void append_character(std::string& out, char32_t code_point);

bool is_valid_utf8(std::string_view text);

/// `text` with every invalid sequence replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

/// Bytes below 0x80 that `text` begins with.
std::size_t ascii_prefix(std::string_view text);

/// Characters of valid UTF-8.
std::size_t count_characters(std::string_view text);

}  // namespace sbert
