#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/record_value.h"

namespace sbert {

/// A table as RFC 4180 writes it: commas between the columns, their names in the first row, fields
/// that hold a comma, a quote or a line break within double quotes, a quote in them doubled. Rows
/// end with \n or \r\n. A byte order mark and empty lines are skipped.
class CsvTable {
 public:
  /// Reads the names.
  /// @param bytes the whole file; must outlive the table
  /// @throws Error(kInput) "the file is empty", for a duplicate name, or as next()
  explicit CsvTable(std::string_view bytes);

  const std::vector<std::string>& columns() const { return columns_; }

  /// Goes to the next row; false at the end of the file.
  /// @throws Error(kInput) if the number of fields is wrong, a quote does not end or stands in the
  ///         wrong place, a row is longer than 64 MiB, or is not UTF-8
  bool next();
  /// The line, from 1, where the row that next() went to or failed in begins.
  std::int64_t line() const { return line_; }
  /// Calls visit(name, value) for each column of the row; an error within is given the name as
  /// context.
  void visit_fields(const VisitValue& visit) const;
  /// The bytes of the row that next() went to.
  std::string_view row() const { return row_; }

  /// A table of the same columns whose rows are these bytes.
  CsvTable rows_of(std::string_view bytes) const;

 private:
  bool read_row();
  std::string read_field();
  std::string read_quoted();

  std::string_view bytes_;
  std::string_view row_;
  std::size_t at_ = 0;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  std::vector<std::string> columns_;
  std::vector<std::string> fields_;
};

}  // namespace sbert
