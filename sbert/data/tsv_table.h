#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/record_value.h"

namespace sbert {

/// A table with tabs between the columns, their names in the first line, and no quoting. Lines end
/// with \n or \r\n. A byte order mark and empty lines are skipped.
class TsvTable {
 public:
  /// Reads the names.
  /// @param bytes the whole file
  /// @throws Error(kInput) "the file is empty", or for a duplicate name
  explicit TsvTable(std::string_view bytes);

  const std::vector<std::string>& columns() const { return columns_; }
  /// Where the line after the names begins.
  std::size_t first_row() const { return first_row_; }

  /// Calls visit(name, value) for each column of a line; an error within is given the name as
  /// context.
  /// @throws Error(kInput) if the number of fields is wrong, or the line is not UTF-8
  void parse(std::string_view line, const VisitValue& visit) const;

 private:
  std::vector<std::string> columns_;
  std::size_t first_row_ = 0;
};

/// The line that begins at `at`, without what ends it; nothing where only empty lines are left.
/// Leaves `at` after the line.
std::optional<std::string_view> next_line(std::string_view bytes, std::size_t& at);

}  // namespace sbert
