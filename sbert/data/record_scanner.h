#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
  /// @throws Error(kInput) at place(): something that is not an object, a missing comma, brackets
  /// that
  ///         do not fit, a line break within a string, more than 64 levels or 64 MiB, text after
  ///         the array, a file that ends within a record
  std::optional<std::string_view> next();

  /// The byte, from 0, where the last record or the last error is.
  std::uint64_t place() const { return place_; }

  /// Goes on, after an error or a record that proved wrong, with the next line that begins with
  /// '{'; after a record that holds none, behind it. Not for an array.
  void skip_to_next_line();

  /// True if the file is one JSON array.
  bool is_array() const { return is_array_; }

 private:
  void skip_whitespace();
  bool skip_to_record();
  [[noreturn]] void fail_here(std::string message);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t place_ = 0;
  bool has_record_ = false;
  bool is_array_ = false;
  bool is_done_ = false;
};

/// The length of the JSON object that `bytes` begins with.
/// @throws Error(kInput) as RecordScanner::next()
std::size_t object_length(std::string_view bytes);

}  // namespace sbert
