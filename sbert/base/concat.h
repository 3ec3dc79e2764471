#pragma once

#include <charconv>
#include <concepts>
#include <filesystem>
#include <string>
#include <string_view>

namespace sbert {
namespace detail {

inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}

template <std::same_as<std::filesystem::path> Path>  // not what merely converts to a path
void append(std::string& out, const Path& part) {
  out += part.native();
}

template <typename Number>
  requires std::integral<Number> || std::floating_point<Number>
void append(std::string& out, Number part) {
  if constexpr (std::same_as<Number, bool>) {
    out += part ? "true" : "false";
  } else {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
  }
}

}  // namespace detail

/// Joins strings, paths and numbers: concat(path, ": record ", 17). A number is written in the
/// shortest form that reads back the same.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// `value` with a fixed number of digits after the point: fixed(0.12345, 2) is "0.12".
inline std::string fixed(double value, int digits) {
  // The longest double has 309 digits before the point.
  std::string text(static_cast<std::size_t>(320 + digits), '\0');
  char* end = text.data() + text.size();
  end = std::to_chars(text.data(), end, value, std::chars_format::fixed, digits).ptr;
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

}  // namespace sbert
