#pragma once

#include <cstdint>
#include <string_view>

namespace sbert {

/// A 64-bit hash of bytes as they are, never 0. Not for adversaries: whoever knows it can make two
/// texts of one key.
std::uint64_t bytes_key(std::string_view bytes);

/// A key that texts share which differ in white space at the ends, in the amount of it within, or
/// in the case of ASCII letters. Never 0.
std::uint64_t text_key(std::string_view text);

}  // namespace sbert
