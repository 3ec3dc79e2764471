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
#include "sbert/data/byte_order_mark.h"
#include "sbert/data/json_record.h"
#include "sbert/data/text_object.h"

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

// Where a walk through lines is.
struct LineCursor {
  std::string_view bytes;  // that are left
  std::int64_t number = 0;
  std::string_view line{};

  bool next() {
    if (bytes.empty()) return false;
    const std::size_t length = bytes.find('\n');
    line = bytes.substr(0, length);
    bytes.remove_prefix(length == std::string_view::npos ? bytes.size() : length + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    return true;
  }
};

// A file in memory: mapped, or all that came from stdin.
class TextBytes {
 public:
  explicit TextBytes(const std::string& path)
      : name_(path == "-" ? "stdin" : path), is_json_(path.ends_with(".jsonl")) {
    if (path != "-") {
      file_.emplace(path);
    } else {
      within(name_, [&] { piped_ = read_stdin(); });
      const std::size_t first = bytes().find_first_not_of(kWhitespace);
      is_json_ = first != std::string_view::npos && bytes()[first] == '{';
    }
  }

  LineCursor begin() const { return {bytes()}; }

  /// What work() gives; its errors say which line of which file is read.
  template <typename Work>
  auto at_line(const LineCursor& cursor, const Work& work) const {
    return within(name_, [&] { return within(concat("line ", cursor.number), work); });
  }

  /// The next text, nullopt after the last one.
  std::optional<TextObject> next(LineCursor& cursor, JsonRecordParser& parser) const {
    while (cursor.next()) {
      if (!is_json_) return TextObject{.text = std::string(cursor.line)};
      if (cursor.line.find_first_not_of(kWhitespace) == std::string_view::npos) continue;
      return at_line(cursor, [&] { return parse_text_object(parser, cursor.line); });
    }
    return std::nullopt;
  }

  void drop_pages() const {
    if (file_) file_->drop_pages();
  }

 private:
  std::string_view bytes() const {
    std::string_view all = file_ ? file_->bytes() : std::string_view(piped_);
    all.remove_prefix(byte_order_mark_size(all));
    return all;
  }

  std::string name_;
  bool is_json_;
  std::string piped_;
  std::optional<MappedFile> file_;
};

}  // namespace

struct TextSource::State {
  explicit State(const std::string& path) : bytes(path) {}
  TextBytes bytes;
  std::int64_t count = 0;
};

TextSource::TextSource(const std::string& path) : state_(std::make_unique<State>(path)) {
  LineCursor cursor = state_->bytes.begin();
  JsonRecordParser parser;
  while (state_->bytes.next(cursor, parser))
    ++state_->count;
  state_->bytes.drop_pages();
}

TextSource::~TextSource() = default;

std::int64_t TextSource::count() const {
  return state_->count;
}

void TextSource::for_each_chunk(
    std::size_t most,
    const std::function<void(const std::vector<std::string>& texts)>& visit) const {
  LineCursor cursor = state_->bytes.begin();
  JsonRecordParser parser;
  while (true) {
    std::vector<std::string> chunk;
    while (chunk.size() < most) {
      std::optional<TextObject> text = state_->bytes.next(cursor, parser);
      if (!text) break;
      chunk.push_back(std::move(text->text));
    }
    if (chunk.empty()) return;
    visit(chunk);
    state_->bytes.drop_pages();
  }
}

std::vector<std::string> read_texts(const std::string& path) {
  const TextBytes bytes(path);
  LineCursor cursor = bytes.begin();
  JsonRecordParser parser;
  std::vector<std::string> texts;
  while (std::optional<TextObject> record = bytes.next(cursor, parser))
    texts.push_back(std::move(record->text));
  return texts;
}

std::vector<TextRecord> read_text_records(const std::string& path) {
  const TextBytes bytes(path);
  LineCursor cursor = bytes.begin();
  JsonRecordParser parser;
  std::vector<TextRecord> records;
  std::unordered_map<std::string, std::int64_t> line_of_id;
  while (std::optional<TextObject> record = bytes.next(cursor, parser)) {
    std::string id = record->id ? *std::move(record->id) : concat(cursor.number);
    const auto [earlier, is_new] = line_of_id.emplace(id, cursor.number);
    if (!is_new) {
      bytes.at_line(cursor, [&] {
        fail(ErrorKind::kInput,
             concat("the id is there already, on line ", earlier->second, ": ", id));
      });
    }
    records.push_back({std::move(id), (*std::move(record)).titled_text()});
  }
  return records;
}

std::vector<std::string> texts_of(const std::vector<TextRecord>& records) {
  std::vector<std::string> texts;
  for (const TextRecord& record : records)
    texts.push_back(record.text);
  return texts;
}

}  // namespace sbert
