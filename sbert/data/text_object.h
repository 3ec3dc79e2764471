#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sbert/data/record_file.h"

namespace sbert {

/// An object of a file of texts: a document of a corpus, a query, a text to embed.
struct TextObject {
  std::optional<std::string> id{};  ///< "_id", else "id"; an integer as its digits
  std::string title{};              ///< empty if it is missing or null
  std::string text{};

  /// As BEIR embeds it: title, space, text; the text alone if there is no title.
  std::string titled_text() &&;
};

/// Opens a file of texts in any InputFormat.
/// @param format absent: find_format()
/// @throws as RecordFile; Error(kInput) if it is a table without a column "text"
class TextFile : public RecordFile {
 public:
  explicit TextFile(const std::string& path, std::optional<InputFormat> format = std::nullopt);

  /// Reads the fields "_id", "id", "title" and "text" of a record; others are skipped.
  /// @throws Error(kInput) "text is missing", "text: must be a string: found a number", and as
  ///         RecordFile::visit()
  TextObject read(std::string_view record) const;
};

/// The id of a document or query of BEIR, which must have one.
/// @throws Error(kInput) "_id is missing" or "_id is empty"
std::string required_id(TextObject&& object);

}  // namespace sbert
