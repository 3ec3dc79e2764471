#pragma once

#include <string_view>

#include "sbert/data/record_value.h"

namespace sbert {

/// The value of a column of a table: text without a type, which is a number where one is asked for.
class PlainValue : public RecordValue {
 public:
  explicit PlainValue(std::string_view text) : text_(text) {}

  std::string string() override { return std::string(text_); }
  std::vector<std::string> strings() override { return {string()}; }
  std::string id() override { return string(); }
  std::vector<std::string> ids() override { return {string()}; }
  std::string scalar() override { return string(); }
  std::vector<double> numbers() override;

 private:
  std::string_view text_;
};

/// @throws Error(kInput) "must be a number: four"; NaN and infinity are none
double parse_number(std::string_view text);

}  // namespace sbert
