#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/input_format.h"

namespace sbert {

/// A text of a corpus with the name that search results give it.
struct TextRecord {
  std::string id;
  std::string text;
};

// All read a file of texts (TextFile), "-" being stdin. The format is told by the name and the
// content (find_format()) unless it is given. In plain text an empty line is an empty text; in the
// other formats it is skipped.

/// The texts of a file, one after the other: lines, or the field "text" of each record. The file
/// may be larger than the memory, also where it comes from a pipe or is compressed.
class TextSource {
 public:
  /// Looks through the whole file once.
  /// @throws Error(kIo) if it cannot be read, Error(kInput) "file: line 17: text is missing"
  explicit TextSource(const std::string& path, std::optional<InputFormat> format = std::nullopt);
  ~TextSource();
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;

  std::int64_t count() const;
  /// Calls visit(texts) with `most` texts at a time, and with those that are left.
  void for_each_chunk(
      std::size_t most,
      const std::function<void(const std::vector<std::string>& texts)>& visit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The texts: lines, or the field "text" of each record.
/// @throws Error(kIo) if it cannot be read, Error(kInput) "file: line 17: text is missing"
std::vector<std::string> read_texts(const std::string& path,
                                    std::optional<InputFormat> format = std::nullopt);

/// The texts with their ids: "_id" or "id" of each record (a string or an integer), else the number
/// of the line from 1, or of the record in a table and in a JSON array. A "title" that is not empty
/// is put before the text with a space, as BEIR does.
/// @throws Error(kIo) if it cannot be read, Error(kInput) naming file and line, also for a
///         duplicate id
std::vector<TextRecord> read_text_records(const std::string& path,
                                          std::optional<InputFormat> format = std::nullopt);

/// Takes out the records whose text is nothing but white space.
/// @return how many they were
std::int64_t drop_blank_texts(std::vector<TextRecord>& records);

/// The texts of records, in their order.
std::vector<std::string> texts_of(const std::vector<TextRecord>& records);

}  // namespace sbert
