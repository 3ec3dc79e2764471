#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sbert {

/// Finds the objects of a file that is a JSON array of objects, or objects one after another (JSON
/// Lines, or pretty-printed ones), without parsing what is in them. A byte order mark, whitespace
/// and blank lines are skipped. What it returns has balanced brackets and ended strings; the rest
/// is for the JSON parser to judge.
class RecordScanner {
 public:
  /// @param bytes the whole file; must outlive the scanner
  explicit RecordScanner(std::string_view bytes);

  /// The bytes of the next object, from its '{' to its '}'; nothing at the end of the file.
  /// @throws Error(kInput) "record 17, byte 1234: ...", records from 1, bytes from 0: something
  /// that
  ///         is no object, a missing comma, brackets that do not fit, more than 64 levels, text
  ///         after the array, a file that is empty or ends within a record
  std::optional<std::string_view> next();

  /// True if the file is one JSON array.
  bool is_array() const { return is_array_; }

 private:
  void skip_whitespace();
  bool skip_to_record();
  [[noreturn]] void fail_here(std::string_view what) const;

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::int64_t num_records_ = 0;
  bool is_array_ = false;
  bool is_done_ = false;
};

/// The length of the JSON object that `bytes` begins with.
/// @throws Error(kInput) as RecordScanner::next(), without record and byte
std::size_t object_length(std::string_view bytes);

}  // namespace sbert
