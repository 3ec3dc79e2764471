#include "sbert/base/byte_count.h"

#include <charconv>
#include <string>
#include <system_error>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// 0 for a unit that is none.
double unit_bytes(std::string_view unit) {
  std::string lower;
  for (const char c : unit) {
    if (c != ' ') lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (lower.empty() || lower == "b") return 1;
  constexpr std::string_view kPrefixes = "kmgt";
  const std::size_t power = kPrefixes.find(lower.front());
  const std::string rest = lower.substr(1);
  if (power == kPrefixes.npos || (!rest.empty() && rest != "b" && rest != "ib")) return 0;
  double bytes = 1;
  for (std::size_t i = 0; i <= power; ++i)
    bytes *= rest == "ib" ? 1'024 : 1'000;
  return bytes;
}

}  // namespace

std::uint64_t parse_byte_count(std::string_view text) {
  constexpr double kMost = 1ULL << 60;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const double unit = error == std::errc()
                          ? unit_bytes(text.substr(static_cast<std::size_t>(end - text.data())))
                          : 0;
  if (!(unit > 0 && number >= 0 && number * unit <= kMost)) {
    fail(ErrorKind::kUsage, concat("must be a number of bytes, as 2GB or 512MiB: ", text));
  }
  return static_cast<std::uint64_t>(number * unit);
}

}  // namespace sbert
