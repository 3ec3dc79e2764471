#include "sbert/config/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// YAML takes a word in small letters, capitalized, or in capitals, but not "tRUE".
bool is_yaml_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size() || lower_case(text) != word) return false;
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto capitals = std::count_if(text.begin(), text.end(), is_capital);
  return capitals == 0 || capitals == static_cast<std::ptrdiff_t>(text.size()) ||
         (capitals == 1 && is_capital(text.front()));
}

template <std::size_t Count>
bool is_any_yaml_word(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return is_yaml_word(text, word); });
}

/// Reads digits off the front of a text.
class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_sign() { return take('-') || take('+'); }
  /// Digits with single underscores between them ("1_000"). False, taking nothing, if none.
  bool take_digits() {
    std::size_t length = 0;
    while (length < rest_.size() && (is_digit(rest_[length]) ||
                                     (length > 0 && rest_[length] == '_' &&
                                      length + 1 < rest_.size() && is_digit(rest_[length + 1])))) {
      ++length;
    }
    rest_.remove_prefix(length);
    return length > 0;
  }
  void take_digits_and_underscores() {
    while (!rest_.empty() && (is_digit(rest_.front()) || rest_.front() == '_')) {
      rest_.remove_prefix(1);
    }
  }
  /// "e5", "E-5". False, taking nothing, if none. `needs_sign`: not "e5".
  bool take_exponent(bool needs_sign) {
    const NumberReader before = *this;
    if ((take('e') || take('E')) && (take_sign() || !needs_sign) && take_plain_digits()) {
      return true;
    }
    *this = before;
    return false;
  }

 private:
  bool take_plain_digits() {
    const std::size_t length = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(length);
    return length > 0;
  }

  std::string_view rest_;
};

/// from_chars with what it does not take: underscores and a plus sign. Out of range is 0 or
/// infinity, as in Python.
double to_double(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  const char* first = digits.data() + (digits.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto result = std::from_chars(first, digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) return std::strtod(first, nullptr);
  return value;
}

/// Digits of a base, with underscores; a double if they do not fit 64 bits.
ConfigNode to_integer(std::string_view text, int base) {
  std::string digits(text);
  std::erase(digits, '_');
  if (digits.starts_with('+')) digits.erase(0, 1);
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (result.ec == std::errc{}) return {value};
  if (base == 10) return {to_double(digits)};
  double wide = 0;  // exact but for the last bits
  const bool is_negative = digits.starts_with('-');
  for (const char c : digits.substr(is_negative ? 1 : 0)) {
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    wide = wide * base + digit;
  }
  return {is_negative ? -wide : wide};
}

bool is_yaml_float(std::string_view text) {
  NumberReader reader(text);
  if (reader.take('.')) {
    if (!reader.take_digits()) return false;
    reader.take_exponent(true);
    return reader.at_end();
  }
  reader.take_sign();
  if (!reader.take_digits()) return false;
  if (!reader.take('.')) return reader.take_exponent(false) && reader.at_end();
  reader.take_digits_and_underscores();
  reader.take_exponent(false);
  return reader.at_end();
}

std::optional<double> special_double(std::string_view text, bool has_point) {
  std::string_view word = text;
  const bool has_sign = word.starts_with('-') || word.starts_with('+');
  if (has_sign) word.remove_prefix(1);
  if (has_point) {
    if (!word.starts_with('.')) return std::nullopt;
    word.remove_prefix(1);
    if (is_yaml_word(word, "inf")) return text.front() == '-' ? -kInfinity : kInfinity;
    if (!has_sign && (word == "nan" || word == "NaN" || word == "NAN")) return kNan;
    return std::nullopt;
  }
  const std::string lower = lower_case(word);
  if (lower == "inf") return text.front() == '-' ? -kInfinity : kInfinity;
  if (lower == "nan") return kNan;
  return std::nullopt;
}

std::optional<ConfigNode> yaml_integer(std::string_view text) {
  std::string_view digits = text;
  const std::string_view sign =
      digits.starts_with('-') || digits.starts_with('+') ? digits.substr(0, 1) : "";
  digits.remove_prefix(sign.size());
  const auto all_of = [&](std::string_view allowed) {
    return digits.find_first_not_of('_') != std::string_view::npos &&
           digits.find_first_not_of(allowed) == std::string_view::npos;
  };
  const auto integer = [&](int base) { return to_integer(concat(sign, digits), base); };
  if (digits == "0") return ConfigNode{std::int64_t{0}};
  if (digits.starts_with("0b")) {
    digits.remove_prefix(2);
    return all_of("01_") ? std::optional(integer(2)) : std::nullopt;
  }
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    return all_of("0123456789abcdefABCDEF_") ? std::optional(integer(16)) : std::nullopt;
  }
  if (digits.starts_with('0')) {
    return all_of("01234567_") ? std::optional(integer(8)) : std::nullopt;
  }
  const bool is_decimal = !digits.starts_with('_') && all_of("0123456789_");
  return is_decimal ? std::optional(integer(10)) : std::nullopt;
}

}  // namespace

ConfigNode yaml_scalar(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.empty() || text == "~" || is_yaml_word(text, "null")) return {};
  if (is_any_yaml_word(text, std::array{"yes"sv, "true"sv, "on"sv})) return {true};
  if (is_any_yaml_word(text, std::array{"no"sv, "false"sv, "off"sv})) return {false};
  if (const auto integer = yaml_integer(text)) return *integer;
  if (const auto special = special_double(text, true)) return {*special};
  if (is_yaml_float(text)) return {to_double(text)};
  return {std::string(text)};
}

ConfigNode override_scalar(std::string_view text) {
  const std::string lower = lower_case(text);
  if (lower == "null") return {};
  if (lower == "true") return {true};
  if (lower == "false") return {false};
  if (text.empty()) return {std::string()};
  if (const auto special = special_double(text, false)) return {*special};

  NumberReader reader(text);
  reader.take_sign();
  const std::string_view digits = reader.rest();
  const bool has_whole = reader.take_digits();
  // As in Python, 017 is not a number.
  const bool has_leading_zero =
      has_whole && digits.starts_with('0') && digits.size() - reader.rest().size() > 1;
  if (has_leading_zero) return {std::string(text)};
  if (has_whole && reader.at_end()) return to_integer(text, 10);
  const bool has_point = reader.take('.');
  const bool has_fraction = has_point && reader.take_digits();
  if (!has_whole && !has_fraction) return {std::string(text)};
  reader.take_exponent(false);
  if (!reader.at_end()) return {std::string(text)};
  return {to_double(text)};
}

std::string double_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // Python writes an exponent below 1e-4 and from 1e16 on.
  const double size = std::abs(value);
  const bool has_exponent = size != 0 && (size < 1e-4 || size >= 1e16);
  char buffer[64];
  const auto format = has_exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
  std::string text(buffer, end);
  if (!has_exponent && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string scalar_text(const ConfigNode& scalar) {
  if (scalar.is_null()) return "None";
  if (const std::string* text = scalar.string()) return *text;
  if (const auto* flag = std::get_if<bool>(&scalar.value)) return *flag ? "True" : "False";
  if (const auto* integer = std::get_if<std::int64_t>(&scalar.value)) return concat(*integer);
  if (const auto* number = std::get_if<double>(&scalar.value)) return double_text(*number);
  fail(ErrorKind::kInternal, concat("no scalar: ", describe(scalar)));
}

}  // namespace sbert
