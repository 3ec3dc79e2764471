#include "sbert/data/record_scanner.h"

#include <cstring>
#include <string>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/byte_order_mark.h"

namespace sbert {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxBytes = 64 << 20;
constexpr std::string_view kEndsWithin = "the file ends within this record";

bool is_whitespace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The place after the closing quote of a string that begins before `at`; npos if it does not end.
/// A line break within is refused here, so that one quote too few does not swallow the file.
std::size_t after_string(std::string_view bytes, std::size_t at) {
  const std::size_t start = at;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, '"', bytes.size() - at);
    if (found == nullptr) return std::string_view::npos;
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    std::size_t before = quote;
    while (before > start && bytes[before - 1] == '\\')
      --before;
    const bool is_escaped = (quote - before) % 2 == 1;
    at = quote + 1;
    if (is_escaped) continue;
    if (std::memchr(bytes.data() + start, '\n', quote - start) != nullptr) {
      fail(ErrorKind::kInput, "a line break within a string");
    }
    return at;
  }
  return std::string_view::npos;
}

/// What a message shows of text that is not a record.
std::string excerpt(std::string_view bytes) {
  constexpr std::size_t kLength = 20;
  std::string text;
  for (const char c : bytes.substr(0, kLength)) {
    if (c == '\n' || c == '\r') break;
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

}  // namespace

std::size_t object_length(std::string_view file) {
  const std::string_view bytes = file.substr(0, kMaxBytes);
  std::uint64_t is_object = 0;  // one bit a level, the innermost lowest
  int depth = 0;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const char c = bytes[at++];
    if (c == '"') {
      at = after_string(bytes, at);
      if (at == std::string_view::npos) break;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) fail(ErrorKind::kInput, "nested deeper than 64 levels");
      is_object = is_object << 1 | (c == '{' ? 1 : 0);
    } else if (c == '}' || c == ']') {
      if ((is_object & 1) != (c == '}' ? 1U : 0U)) {
        fail(ErrorKind::kInput, c == '}' ? "'[' is closed by '}'" : "'{' is closed by ']'");
      }
      is_object >>= 1;
      if (--depth == 0) return at;
    }
  }
  const bool is_cut = bytes.size() < file.size();
  fail(ErrorKind::kInput, is_cut ? "the record is longer than 64 MiB" : std::string(kEndsWithin));
}

RecordScanner::RecordScanner(std::string_view bytes)
    : bytes_(bytes), at_(byte_order_mark_size(bytes)) {
  skip_whitespace();
  if (at_ < bytes_.size() && bytes_[at_] == '[') {
    is_array_ = true;
    ++at_;
  }
}

std::optional<std::string_view> RecordScanner::next() {
  if (is_done_) return std::nullopt;
  if (!skip_to_record()) {
    is_done_ = true;
    return std::nullopt;
  }
  if (bytes_[at_] != '{') {
    fail_here(concat("expected an object {...}, found: ", excerpt(bytes_.substr(at_))));
  }
  place_ = at_;
  const std::string_view record = bytes_.substr(at_, object_length(bytes_.substr(at_)));
  at_ += record.size();
  has_record_ = true;
  return record;
}

void RecordScanner::skip_to_next_line() {
  const std::size_t line = bytes_.find("\n{", place_);
  const bool lies_behind = at_ == place_ || line < at_;
  if (lies_behind) at_ = line == std::string_view::npos ? bytes_.size() : line + 1;
  has_record_ = true;
}

/// Goes to where the next record begins. False at the end of the file.
bool RecordScanner::skip_to_record() {
  skip_whitespace();
  if (at_ == bytes_.size()) {
    if (is_array_) fail_here("the file ends within the array; ']' is missing");
    return false;
  }
  if (!is_array_) {
    if (bytes_[at_] == ',') fail_here("a comma between records; an array must begin with '['");
    return true;
  }
  if (bytes_[at_] == ']') {
    ++at_;
    skip_whitespace();
    if (at_ != bytes_.size()) {
      fail_here(concat("text after the array: ", excerpt(bytes_.substr(at_))));
    }
    return false;
  }
  if (!has_record_) return true;
  if (bytes_[at_] != ',') fail_here("a comma is missing before this record");
  ++at_;
  skip_whitespace();
  if (at_ == bytes_.size()) fail_here("the file ends within the array; ']' is missing");
  if (bytes_[at_] == ']') fail_here("a comma before ']'");
  return true;
}

void RecordScanner::skip_whitespace() {
  while (at_ < bytes_.size() && is_whitespace(bytes_[at_]))
    ++at_;
}

void RecordScanner::fail_here(std::string message) {
  place_ = at_;
  fail(ErrorKind::kInput, std::move(message));
}

}  // namespace sbert
