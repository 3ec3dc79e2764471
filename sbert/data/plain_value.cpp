#include "sbert/data/plain_value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

std::vector<double> PlainValue::numbers() {
  return {parse_number(text_)};
}

double parse_number(std::string_view text) {
  double number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || !std::isfinite(number)) {
    fail(ErrorKind::kInput, concat("must be a number: ", text));
  }
  return number;
}

}  // namespace sbert
