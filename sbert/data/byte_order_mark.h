#pragma once

#include <string_view>

namespace sbert {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Bytes of the UTF-8 byte order mark that a file begins with: 3 or 0. All readers of text skip it.
constexpr std::size_t byte_order_mark_size(std::string_view bytes) {
  return bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
}

}  // namespace sbert
