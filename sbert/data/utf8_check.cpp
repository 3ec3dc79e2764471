#include "sbert/data/utf8_check.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

#include <simdjson.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

std::size_t length_by_first_byte(unsigned char byte) {
  if (byte < 0xC0) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

// Where the first character begins that is none.
std::size_t first_invalid(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length =
        std::min(length_by_first_byte(static_cast<unsigned char>(bytes[at])), bytes.size() - at);
    if (!simdjson::validate_utf8(bytes.data() + at, length)) break;
    at += length;
  }
  return at;
}

std::string hexadecimal(char byte) {
  char digits[2] = {'0', '0'};
  const unsigned value = static_cast<unsigned char>(byte);
  std::to_chars(value < 16 ? digits + 1 : digits, digits + 2, value, 16);
  std::string text(digits, 2);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return concat("0x", text);
}

}  // namespace

void check_utf8(std::string_view bytes, std::string_view what) {
  const std::size_t zero = bytes.find('\0');
  if (zero != std::string_view::npos) {
    fail(ErrorKind::kInput, concat("not text: byte ", zero + 1, " of the ", what,
                                   " is 0x00; UTF-16 is converted by: iconv -f UTF-16 -t UTF-8"));
  }
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) return;
  const std::size_t at = first_invalid(bytes);
  fail(ErrorKind::kInput,
       concat("not UTF-8: byte ", at + 1, " of the ", what, " is ", hexadecimal(bytes[at]),
              "; another encoding is converted as by: iconv -f LATIN1 -t UTF-8"));
}

}  // namespace sbert
