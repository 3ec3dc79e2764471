#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// A text of a corpus with the name that search results give it.
struct TextRecord {
  std::string id;
  std::string text;
};

// All read a file of texts, or stdin for "-". A name that ends in .jsonl is JSON Lines, any other
// is plain text, one text a line; stdin is JSON Lines if its first character that is not a space is
// '{'. Lines end with \n or \r\n; the last one may lack it. In plain text an empty line is an empty
// text; in JSON Lines it is skipped. A byte order mark is dropped.

/// The texts of a file, one after the other: lines, or the string "text" of each object. The file
/// may be larger than the memory; stdin is kept in memory.
class TextSource {
 public:
  /// Looks through the whole file once.
  /// @throws Error(kIo) if it cannot be read, Error(kInput) "file: line 17: text is missing"
  explicit TextSource(const std::string& path);
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

/// The texts: lines, or the string "text" of each object.
/// @throws Error(kIo) if it cannot be read, Error(kInput) "file: line 17: text is missing"
std::vector<std::string> read_texts(const std::string& path);

/// The texts with their ids: "_id" or "id" of each object (a string or an integer), else the number
/// of the line from 1. A "title" that is not empty is put before the text with a space, as BEIR
/// does.
/// @throws Error(kIo) if it cannot be read, Error(kInput) naming file and line, also for an id that
///         is there twice
std::vector<TextRecord> read_text_records(const std::string& path);

/// The texts of records, in their order.
std::vector<std::string> texts_of(const std::vector<TextRecord>& records);

}  // namespace sbert
