#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sbert/data/json_record.h"
#include "sbert/data/tsv_table.h"

namespace sbert {

/// An object of a file of texts: a document of a corpus, a query, a text to embed.
struct TextObject {
  std::optional<std::string> id{};  ///< "_id", else "id"; an integer as its digits
  std::string title{};              ///< empty if it is missing or null
  std::string text{};

  /// As BEIR embeds it: title, space, text; the text alone if there is no title.
  std::string titled_text() &&;
};

/// Reads the members "_id", "id", "title" and "text" of a JSON object; others are skipped.
/// @throws Error(kInput) "text is missing", "text: must be a string: found a number", and as
///         JsonRecordParser::parse()
TextObject parse_text_object(JsonRecordParser& parser, std::string_view object);

/// The same of the columns with these names.
TextObject parse_text_object(const TsvTable& table, std::string_view line);

/// The id of a document or query of BEIR, which must have one.
/// @throws Error(kInput) "_id is missing" or "_id is empty"
std::string required_id(TextObject&& object);

}  // namespace sbert
