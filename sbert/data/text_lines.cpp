#include "sbert/data/text_lines.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/data/json_record.h"

namespace sbert {
namespace {

constexpr std::string_view kWhitespace = " \t\r\n";

std::string read_stdin() {
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorKind::kIo, concat("cannot read: ", std::strerror(errno)));
    if (count == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

using VisitLine = std::function<void(std::string_view line, std::int64_t number)>;

void for_each_line(std::string_view bytes, const VisitLine& visit) {
  std::int64_t number = 0;
  while (!bytes.empty()) {
    const std::size_t length = bytes.find('\n');
    std::string_view line = bytes.substr(0, length);
    bytes.remove_prefix(length == std::string_view::npos ? bytes.size() : length + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line, ++number);
  }
}

/// The text of one object with its title, and its id if it has one.
struct JsonText {
  std::optional<std::string> id;
  std::string title;
  std::string text;
};

JsonText parse_json_text(JsonRecordParser& parser, std::string_view line) {
  JsonText result;
  std::optional<std::string> text;
  std::optional<std::string> beir_id;
  parser.parse(line, [&](std::string_view key, RecordValue& value) {
    if (key == "text") {
      text = value.string();
    } else if (key == "title") {
      result.title = value.string();
    } else if (key == "_id") {
      beir_id = value.id();
    } else if (key == "id") {
      result.id = value.id();
    }
  });
  if (!text) fail(ErrorKind::kInput, "text is missing");
  if (beir_id) result.id = std::move(beir_id);
  result.text = *std::move(text);
  return result;
}

/// Reads the file and hands each text to `add`; `add` may throw, and is given the line's context.
void read_lines(const std::string& path,
                const std::function<void(JsonText text, std::int64_t number)>& add) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "stdin" : path;
  within(name, [&] {
    const std::string piped = is_stdin ? read_stdin() : std::string();
    const std::optional<MappedFile> file =
        is_stdin ? std::nullopt : std::optional<MappedFile>(path);
    std::string_view bytes = is_stdin ? piped : file->bytes();
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    const std::size_t first = bytes.find_first_not_of(kWhitespace);
    const bool begins_with_brace = first != std::string_view::npos && bytes[first] == '{';
    const bool is_json = is_stdin ? begins_with_brace : path.ends_with(".jsonl");

    JsonRecordParser parser;
    for_each_line(bytes, [&](std::string_view line, std::int64_t number) {
      if (!is_json) return add({std::nullopt, "", std::string(line)}, number);
      if (line.find_first_not_of(kWhitespace) == std::string_view::npos) return;
      try {
        add(parse_json_text(parser, line), number);
      } catch (Error& error) {
        error.within(concat("line ", number));
        throw;
      }
    });
  });
}

}  // namespace

std::vector<std::string> read_texts(const std::string& path) {
  std::vector<std::string> texts;
  read_lines(path, [&](JsonText record, std::int64_t) { texts.push_back(std::move(record.text)); });
  return texts;
}

std::vector<TextRecord> read_text_records(const std::string& path) {
  std::vector<TextRecord> records;
  std::unordered_map<std::string, std::int64_t> line_of_id;
  read_lines(path, [&](JsonText record, std::int64_t number) {
    std::string id = record.id ? *std::move(record.id) : concat(number);
    const auto [earlier, is_new] = line_of_id.emplace(id, number);
    if (!is_new) {
      fail(ErrorKind::kInput,
           concat("the id is there already, on line ", earlier->second, ": ", id));
    }
    std::string text =
        record.title.empty() ? std::move(record.text) : concat(record.title, ' ', record.text);
    records.push_back({std::move(id), std::move(text)});
  });
  return records;
}

std::vector<std::string> texts_of(const std::vector<TextRecord>& records) {
  std::vector<std::string> texts;
  for (const TextRecord& record : records)
    texts.push_back(record.text);
  return texts;
}

}  // namespace sbert
