#pragma once

#include <array>
#include <charconv>
#include <string>

namespace sbert {

/// A value with this many significant digits: significant(3.4547e-05, 3) is "3.45e-05".
/// @param digits at most 17
inline std::string significant(double value, int digits) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value,
                                    std::chars_format::general, digits);
  return {text.data(), result.ptr};
}

}  // namespace sbert
