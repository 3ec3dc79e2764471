#include "sbert/data/input_format.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/input_file.h"

namespace sbert {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

struct SuffixFormat {
  std::string_view suffix;
  InputFormat format;
};
constexpr SuffixFormat kSuffixes[] = {
    {".jsonl", InputFormat::kJson}, {".ndjson", InputFormat::kJson}, {".json", InputFormat::kJson},
    {".csv", InputFormat::kCsv},    {".tsv", InputFormat::kTsv},     {".tab", InputFormat::kTsv},
    {".txt", InputFormat::kText},   {".text", InputFormat::kText},
};

// The first characters that are no white space: two, or fewer at the end.
std::string first_characters(std::string_view bytes) {
  std::string characters;
  while (characters.size() < 2) {
    const std::size_t next = bytes.find_first_not_of(kWhiteSpace);
    if (next == std::string_view::npos) break;
    characters += bytes[next];
    bytes.remove_prefix(next + 1);
  }
  return characters;
}

bool is_json(std::string_view bytes) {
  const std::string first = first_characters(bytes);
  const auto begins_any = {"{\"", "{}", "[{", "[\"", "[]"};
  return std::find(begins_any.begin(), begins_any.end(), first) != begins_any.end();
}

bool is_column_name(std::string_view field) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !field.empty() && field.find_first_not_of(kCharacters) == std::string_view::npos;
}

// Whether the line names the columns of a table, "text" among them.
bool is_header(std::string_view line, char separator) {
  bool has_text = false;
  std::size_t columns = 0;
  while (true) {
    const std::size_t length = std::min(line.find(separator), line.size());
    std::string_view field = line.substr(0, length);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = field.substr(1, field.size() - 2);
    if (!is_column_name(field)) return false;
    has_text = has_text || field == "text";
    ++columns;
    if (length == line.size()) return has_text && columns >= 2;
    line.remove_prefix(length + 1);
  }
}

InputFormat format_of_content(std::string_view bytes) {
  if (is_json(bytes)) return InputFormat::kJson;
  std::string_view line = bytes.substr(0, bytes.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (is_header(line, ',')) return InputFormat::kCsv;
  if (is_header(line, '\t')) return InputFormat::kTsv;
  return InputFormat::kText;
}

}  // namespace

std::optional<InputFormat> format_of_suffix(std::string_view suffix) {
  for (const SuffixFormat& each : kSuffixes) {
    if (each.suffix == suffix) return each.format;
  }
  return std::nullopt;
}

InputFormat find_format(const InputFile& file) {
  const InputFormat content = format_of_content(file.bytes());
  const InputFormat name = format_of_suffix(file.suffix()).value_or(content);
  // What the content does not tell apart from text may be what the name says.
  if (name == content || name == InputFormat::kJson || content == InputFormat::kText) return name;
  fail(ErrorKind::kInput,
       concat(file.name(), ": the name says that it is ", enum_name(name), ", but it looks like ",
              enum_name(content), "; give the file the right suffix, or say --input-format"));
}

}  // namespace sbert
