#include "sbert/data/text_key.h"

#include <cstring>

#include "sbert/base/random.h"

namespace sbert {
namespace {

constexpr std::size_t kWordBytes = 8;

std::uint64_t not_zero(std::uint64_t key) {
  return key == 0 ? 1 : key;
}

/// Takes bytes one by one, hashes them eight at a time.
class WordHash {
 public:
  void add(char byte) {
    word_ |= std::uint64_t{static_cast<unsigned char>(byte)} << (8 * (length_ % kWordBytes));
    if (++length_ % kWordBytes == 0) take(word_);
  }
  void take(std::uint64_t word) {
    state_ = mix(state_ ^ word);
    word_ = 0;
  }
  void add_length(std::size_t bytes) { length_ += bytes; }
  std::uint64_t key() const { return not_zero(mix(mix(state_ ^ word_) ^ length_)); }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t word_ = 0;
  std::uint64_t length_ = 0;
};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

std::uint64_t bytes_key(std::string_view bytes) {
  WordHash hash;
  std::size_t at = 0;
  for (; at + kWordBytes <= bytes.size(); at += kWordBytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, kWordBytes);
    hash.take(word);
  }
  hash.add_length(at);
  for (; at < bytes.size(); ++at)
    hash.add(bytes[at]);
  return hash.key();
}

std::uint64_t text_key(std::string_view text) {
  WordHash hash;
  bool has_begun = false;
  bool space_is_due = false;
  for (const char c : text) {
    if (is_space(c)) {
      space_is_due = has_begun;
      continue;
    }
    if (space_is_due) hash.add(' ');
    space_is_due = false;
    has_begun = true;
    hash.add(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return hash.key();
}

}  // namespace sbert
