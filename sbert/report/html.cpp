#include "sbert/report/html.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"

namespace sbert {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kMinus = "\xE2\x88\x92";
constexpr std::string_view kNoNumber = "\xE2\x80\x93";
constexpr int kMetricDigits = 4;
constexpr double kLeastPlain = 1e-3;  // smaller numbers are written with an exponent
constexpr double kMostPlain = 1e9;

// Bytes of the UTF-8 character that begins the text, 0 if none does (Unicode 15, table 3-7).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  const bool is_wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return is_wrong ? 0 : length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

std::string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_bytes(text);
    if (length == 0 || is_control(text[0])) {
      out += kReplacement;
    } else if (const std::string_view name = entity(text[0]); !name.empty()) {
      out += name;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string label_html(const Label& label) {
  if (label.whole.empty() || label.whole == label.text) return escaped(label.text);
  return concat("<span class=\"name\" title=\"", escaped(label.whole), "\">", escaped(label.text),
                "</span>");
}

std::string metric_text(double value) {
  if (!std::isfinite(value)) return std::string(kNoNumber);
  return concat(value < 0 ? kMinus : "", fixed(std::abs(value), kMetricDigits));
}

std::string difference_text(double value) {
  if (!std::isfinite(value)) return std::string(kNoNumber);
  return (value < 0 ? "" : "+") + metric_text(value);
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return std::string(kNoNumber);
  if (value == 0) return "0";
  const double size = std::abs(value);
  const std::string sign(value < 0 ? kMinus : "");
  if (size >= kLeastPlain && size < kMostPlain) {
    if (size == std::floor(size)) return sign + with_thousands(static_cast<std::int64_t>(size));
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, size, std::chars_format::general,
                                   size >= 1'000 ? 6 : 4);
    return sign + std::string(digits, end.ptr);
  }
  const double exponent = std::floor(std::log10(size));
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, size / std::pow(10, exponent),
                                 std::chars_format::general, 3);
  return concat(sign, std::string(digits, end.ptr), 'e', static_cast<std::int64_t>(exponent));
}

}  // namespace sbert
