#include "sbert/data/text_key.h"

#include <algorithm>
#include <cstring>

#include "sbert/base/random.h"

namespace sbert {
namespace {

constexpr std::size_t kWordBytes = 8;

std::uint64_t not_zero(std::uint64_t key) {
  return key == 0 ? 1 : key;
}

/// Hashes words of eight bytes; the last may have fewer, with zeros above.
class WordHash {
 public:
  void take(std::uint64_t word, std::size_t bytes = kWordBytes) {
    state_ = mix(state_ ^ word);
    length_ += bytes;
  }
  std::uint64_t key() const { return not_zero(mix(state_ ^ length_)); }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t length_ = 0;
};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

std::uint64_t bytes_key(std::string_view bytes) {
  WordHash hash;
  while (!bytes.empty()) {
    const std::size_t count = std::min(kWordBytes, bytes.size());
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), count);
    hash.take(word, count);
    bytes.remove_prefix(count);
  }
  return hash.key();
}

std::uint64_t text_key(std::string_view text) {
  WordHash hash;
  std::uint64_t word = 0;
  std::size_t count = 0;
  const auto add = [&](char c) {
    word |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * count);
    if (++count < kWordBytes) return;
    hash.take(word);
    word = 0;
    count = 0;
  };
  bool has_begun = false;
  bool space_is_due = false;
  for (const char c : text) {
    if (is_space(c)) {
      space_is_due = has_begun;
      continue;
    }
    if (space_is_due) add(' ');
    space_is_due = false;
    has_begun = true;
    add(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (count > 0) hash.take(word, count);
  return hash.key();
}

}  // namespace sbert
