#include "sbert/text/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sbert {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

unsigned char byte_at(std::string_view text, std::size_t position) {
  return static_cast<unsigned char>(text[position]);
}

// What may follow a lead byte: how many continuation bytes, and the range of the first of them,
// which is where overlong forms, surrogates and values above U+10FFFF are kept out.
struct LeadByte {
  std::size_t num_continuations = 0;  // 0: no lead byte
  unsigned char lowest = 0x80;
  unsigned char highest = 0xBF;
};

LeadByte classify(unsigned char lead) {
  if (lead < 0xC2) return {};
  if (lead < 0xE0) return {.num_continuations = 1};
  if (lead == 0xE0) return {.num_continuations = 2, .lowest = 0xA0};
  if (lead == 0xED) return {.num_continuations = 2, .highest = 0x9F};
  if (lead < 0xF0) return {.num_continuations = 2};
  if (lead == 0xF0) return {.num_continuations = 3, .lowest = 0x90};
  if (lead == 0xF4) return {.num_continuations = 3, .highest = 0x8F};
  if (lead < 0xF4) return {.num_continuations = 3};
  return {};
}

}  // namespace

DecodedCharacter decode_character(std::string_view text, std::size_t position) {
  const unsigned char lead = byte_at(text, position);
  if (lead < 0x80) return {.code_point = lead, .length = 1};
  const LeadByte kind = classify(lead);
  DecodedCharacter invalid{.code_point = kReplacementCharacter, .length = 1, .is_valid = false};
  if (kind.num_continuations == 0) return invalid;
  char32_t code_point = lead & (0x3FU >> kind.num_continuations);
  for (std::size_t i = 1; i <= kind.num_continuations; ++i) {
    if (position + i >= text.size()) return invalid;
    const unsigned char next = byte_at(text, position + i);
    const unsigned char lowest = i == 1 ? kind.lowest : 0x80;
    const unsigned char highest = i == 1 ? kind.highest : 0xBF;
    if (next < lowest || next > highest) return invalid;
    code_point = code_point << 6 | (next & 0x3FU);
    invalid.length = i + 1;
  }
  return {.code_point = code_point, .length = kind.num_continuations + 1};
}

void append_character(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_continuation = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_continuation(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_continuation(6);
    put_continuation(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_continuation(12);
    put_continuation(6);
    put_continuation(0);
  }
}

std::size_t ascii_prefix(std::string_view text) {
  std::size_t length = 0;
  for (; length + sizeof(std::uint64_t) <= text.size(); length += sizeof(std::uint64_t)) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + length, sizeof eight);
    if ((eight & kHighBits) != 0) break;
  }
  while (length < text.size() && byte_at(text, length) < 0x80)
    ++length;
  return length;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = ascii_prefix(text); i < text.size(); i += ascii_prefix(text.substr(i))) {
    const DecodedCharacter character = decode_character(text, i);
    if (!character.is_valid) return false;
    i += character.length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_character(text, i);
    append_character(out, character.code_point);
    i += character.length;
  }
  return out;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

}  // namespace sbert
