#include "sbert/data/text_lines.h"

#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/line_file.h"
#include "sbert/data/text_object.h"

namespace sbert {
namespace {

// The texts of a file, one after the other.
class TextWalk {
 public:
  explicit TextWalk(const TextFile& file) : file_(file), records_(file) {}

  template <typename Work>
  auto at_line(const Work& work) const {
    return records_.at_line(work);
  }
  /// Nullopt after the last one.
  std::optional<TextObject> next() {
    if (!records_.next()) return std::nullopt;
    ++count_;
    return at_line([&] { return file_.read(records_.record()); });
  }
  std::int64_t line() const { return records_.line(); }
  /// What names a text without an id: lines where each text has its own, else the count.
  std::int64_t number() const { return file_.has_lines() ? line() : count_; }

 private:
  const TextFile& file_;
  RecordWalk records_;
  std::int64_t count_ = 0;
};

}  // namespace

struct TextSource::State {
  State(const std::string& path, std::optional<InputFormat> format) : file(path, format) {}
  TextFile file;
  std::int64_t count = 0;
};

TextSource::TextSource(const std::string& path, std::optional<InputFormat> format)
    : state_(std::make_unique<State>(path, format)) {
  constexpr std::int64_t kTextsBetweenDrops = 65'536;
  TextWalk walk(state_->file);
  while (walk.next()) {
    if (++state_->count % kTextsBetweenDrops == 0) state_->file.drop_pages();
  }
  state_->file.drop_pages();
}

TextSource::~TextSource() = default;

std::int64_t TextSource::count() const {
  return state_->count;
}

void TextSource::for_each_chunk(
    std::size_t most,
    const std::function<void(const std::vector<std::string>& texts)>& visit) const {
  TextWalk walk(state_->file);
  while (true) {
    std::vector<std::string> chunk;
    while (chunk.size() < most) {
      std::optional<TextObject> text = walk.next();
      if (!text) break;
      chunk.push_back(std::move(text->text));
    }
    if (chunk.empty()) return;
    visit(chunk);
    state_->file.drop_pages();
  }
}

std::vector<std::string> read_texts(const std::string& path, std::optional<InputFormat> format) {
  const TextFile file(path, format);
  TextWalk walk(file);
  std::vector<std::string> texts;
  while (std::optional<TextObject> record = walk.next())
    texts.push_back(std::move(record->text));
  return texts;
}

std::vector<TextRecord> read_text_records(const std::string& path,
                                          std::optional<InputFormat> format) {
  const TextFile file(path, format);
  TextWalk walk(file);
  std::vector<TextRecord> records;
  std::unordered_map<std::string, std::int64_t> line_of_id;
  while (std::optional<TextObject> record = walk.next()) {
    std::string id = record->id ? *std::move(record->id) : concat(walk.number());
    const auto [earlier, is_new] = line_of_id.emplace(id, walk.line());
    if (!is_new) {
      walk.at_line([&] {
        fail(ErrorKind::kInput,
             concat("the id is there already, on line ", earlier->second, ": ", id));
      });
    }
    records.push_back({std::move(id), (*std::move(record)).titled_text()});
  }
  return records;
}

std::int64_t drop_blank_texts(std::vector<TextRecord>& records) {
  const auto dropped =
      std::erase_if(records, [](const TextRecord& record) { return is_blank(record.text); });
  return static_cast<std::int64_t>(dropped);
}

std::vector<std::string> texts_of(const std::vector<TextRecord>& records) {
  std::vector<std::string> texts;
  for (const TextRecord& record : records)
    texts.push_back(record.text);
  return texts;
}

}  // namespace sbert
