#include "sbert/data/text_excerpt.h"

#include <algorithm>

namespace sbert {
namespace {

constexpr std::size_t kExcerptBytes = 80;

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::string excerpt(std::string_view text) {
  std::size_t end = std::min(text.size(), kExcerptBytes);
  while (end > 0 && end < text.size() && continues_a_character(text[end]))
    --end;
  std::string line(text.substr(0, end));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return end < text.size() ? line + "..." : line;
}

}  // namespace sbert
