#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/csv_table.h"
#include "sbert/data/input_file.h"
#include "sbert/data/input_format.h"
#include "sbert/data/record_value.h"
#include "sbert/data/tsv_table.h"

namespace sbert {

/// A file of records in any InputFormat, of any length. Its bytes stay where they are; records are
/// parsed when they are read.
class RecordFile {
 public:
  /// @param format absent: find_format()
  /// @throws what InputFile and find_format() throw; Error(kInput) "file: ..." of the first row of
  ///         a table
  explicit RecordFile(const std::string& path, std::optional<InputFormat> format = std::nullopt);

  const std::string& name() const { return file_.name(); }
  InputFormat format() const { return format_; }
  /// Whether every record begins on a line of its own: text and JSON Lines.
  bool has_lines() const;
  std::string_view bytes() const { return file_.bytes(); }
  /// The table, where the format is that.
  const std::optional<CsvTable>& csv() const { return csv_; }
  const std::optional<TsvTable>& tsv() const { return tsv_; }
  void drop_pages() const { file_.drop_pages(); }

  /// Calls visit(key, value) for each field of a record; that of a line of text is "text". Any
  /// thread.
  /// @param record as RecordWalk gives it
  /// @throws Error(kInput) if it has the wrong form or is not UTF-8; what visit() throws
  void visit(std::string_view record, const VisitValue& visit) const;

  /// The record that begins at this byte of the file. Any thread.
  std::string_view record_at(std::uint64_t offset) const;
  std::uint64_t offset_of(std::string_view record) const {
    return static_cast<std::uint64_t>(record.data() - bytes().data());
  }

 private:
  InputFile file_;
  InputFormat format_;
  std::optional<CsvTable> csv_;
  std::optional<TsvTable> tsv_;
};

/// Goes through the records of a file from the first to the last. Blank lines are skipped but for
/// text, where each line is a record.
class RecordWalk {
 public:
  /// @param file must outlive the walk
  explicit RecordWalk(const RecordFile& file);
  ~RecordWalk();
  RecordWalk(const RecordWalk&) = delete;
  RecordWalk& operator=(const RecordWalk&) = delete;

  /// False at the end of the file.
  /// @throws Error(kInput) "file: line 17: ..." if there is something that is no record
  bool next();
  /// The bytes of the record that next() went to.
  std::string_view record() const { return record_; }
  /// Where it begins, from 1.
  std::int64_t line() const;
  /// Throws what work() throws, with "file: line 17" in front.
  template <typename Work>
  auto at_line(const Work& work) const {
    return within(file_.name(), [&] { return within(concat("line ", line()), work); });
  }

 private:
  class Finder;
  class LineFinder;
  class JsonFinder;
  class CsvFinder;

  const RecordFile& file_;
  std::unique_ptr<Finder> finder_;
  std::string_view record_;
};

}  // namespace sbert
