#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>

namespace sbert {

static_assert(std::endian::native == std::endian::little,
              "numbers are written in the byte order of memory");

/// Appends the bytes of a number, lowest first.
template <std::unsigned_integral Number>
void append_little_endian(std::string& bytes, Number value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof value);
}

/// The number whose bytes, lowest first, begin at `bytes`; sizeof(Number) bytes are read.
template <std::unsigned_integral Number>
Number read_little_endian(const char* bytes) {
  Number value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace sbert
