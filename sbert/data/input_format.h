#pragma once

#include <optional>
#include <string_view>

#include "sbert/base/enum_names.h"

namespace sbert {

class InputFile;

/// What a file of texts or records is.
enum class InputFormat {
  kText,  ///< a text a line
  kJson,  ///< objects one after another (JSON Lines), or one array of them
  kCsv,   ///< a table with commas, whose first row names the columns
  kTsv,   ///< a table with tabs, whose first line names the columns
};
constexpr auto enum_names(InputFormat) {
  return std::to_array<EnumName<InputFormat>>({{"text", InputFormat::kText},
                                               {"jsonl", InputFormat::kJson},
                                               {"json", InputFormat::kJson},
                                               {"csv", InputFormat::kCsv},
                                               {"tsv", InputFormat::kTsv}});
}

/// Of a name that ends so (suffix_of()); nothing where the suffix says nothing.
std::optional<InputFormat> format_of_suffix(std::string_view suffix);

/// Tells the format by the name and by the content:
/// - .jsonl, .ndjson and .json are JSON, .csv and .tsv (.tab) tables, .txt (.text) is text, in
///   letters of any size, also before .gz
/// - of other names the content decides: JSON begins with an object or an array of them; a first
///   line of names with commas or tabs between, of which one is "text", begins a table; all else is
///   text
/// @throws Error(kInput) if the content of a .txt, .csv or .tsv is another form than the name says
InputFormat find_format(const InputFile& file);

}  // namespace sbert
