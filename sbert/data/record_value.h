#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// The value of a key of a record, as far as our records need it: of a JSON object, or of a column
/// of a line.
class RecordValue {
 public:
  virtual ~RecordValue() = default;

  /// Never for a column of a line.
  virtual bool is_null() { return false; }
  /// @throws Error(kInput) "must be a string: found a number"
  virtual std::string string() = 0;
  /// A string alone counts as a list of one.
  /// @throws Error(kInput) unless it is a string or a list of strings
  virtual std::vector<std::string> strings() = 0;
  /// A string, or an integer as its digits.
  /// @throws Error(kInput)
  virtual std::string id() = 0;
  /// A string or an integer alone counts as a list of one.
  /// @throws Error(kInput)
  virtual std::vector<std::string> ids() = 0;
  /// A string, or a number as it stands there.
  /// @throws Error(kInput)
  virtual std::string scalar() = 0;
  /// Finite numbers; one alone counts as a list of one.
  /// @throws Error(kInput)
  virtual std::vector<double> numbers() = 0;
};

using VisitValue = std::function<void(std::string_view key, RecordValue& value)>;

}  // namespace sbert
