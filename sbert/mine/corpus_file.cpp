#include "sbert/mine/corpus_file.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/stop.h"
#include "sbert/data/json_record.h"

namespace sbert {
namespace {

// Pages that were read stay in memory until so many bytes have gone by.
constexpr std::uint64_t kDropEvery = 64ULL << 20;
// What the kernel maps around the first byte that is looked at.
constexpr std::size_t kFaultAround = 1U << 16;
constexpr std::size_t kMaxLineBytes = 256U << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

CorpusFile::CorpusFile(const std::filesystem::path& path)
    : file_(path),
      form_(path.extension() == ".jsonl" ? Form::kJson
            : path.extension() == ".tsv" ? Form::kTsv
                                         : Form::kLines) {
  const std::string_view bytes = file_.bytes();
  std::size_t at = bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  std::int64_t number = 0;
  if (form_ == Form::kTsv) {
    within(path.native(), [&] {
      table_.emplace(bytes);
      const auto& columns = table_->columns();
      if (std::find(columns.begin(), columns.end(), "text") == columns.end()) {
        fail(ErrorKind::kInput,
             "the first line must name the columns, with tabs between: _id, title, text");
      }
    });
    at = table_->first_row();
    number = std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  }
  while (at < bytes.size()) {
    const std::size_t begin = at;
    const std::size_t length = std::min(bytes.find('\n', begin), bytes.size()) - begin;
    at = std::min(begin + length + 1, bytes.size());
    ++number;
    const std::string_view line = bytes.substr(begin, length);
    if (is_blank(line)) continue;
    if (number % 4'096 == 0) throw_if_stopped();
    try {
      parse(line);
    } catch (Error& error) {
      error.within(concat(path, ": line ", number));
      throw;
    }
    offsets_.push_back(begin);
    note_read(length);
  }
  if (offsets_.empty()) fail(ErrorKind::kInput, concat(path, ": has no document"));
}

CorpusFile::Record CorpusFile::record(std::int64_t row) const {
  const std::string_view bytes = file_.bytes();
  const std::uint64_t begin = offsets_.at(static_cast<std::size_t>(row));
  const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
  note_read(std::max(end - begin, kFaultAround));
  return within(concat(file_.path(), ": document ", row + 1),
                [&] { return parse(bytes.substr(begin, end - begin)); });
}

CorpusFile::Record CorpusFile::parse(std::string_view line) const {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kMaxLineBytes) {
    fail(ErrorKind::kInput,
         concat("the line must have at most ", kMaxLineBytes, " bytes: ", line.size()));
  }
  if (form_ == Form::kLines) return {"", std::string(line)};
  std::optional<std::string> id;
  std::optional<std::string> beir_id;
  std::optional<std::string> text;
  std::string title;
  const VisitValue visit = [&](std::string_view key, RecordValue& value) {
    if (key == "text") {
      text = value.string();
    } else if (key == "title") {
      title = value.string();
    } else if (key == "_id") {
      beir_id = value.id();
    } else if (key == "id") {
      id = value.id();
    }
  };
  if (table_) {
    table_->parse(line, visit);
  } else {
    thread_local JsonRecordParser parser;
    parser.parse(line, visit);
  }
  if (!text) fail(ErrorKind::kInput, "text is missing");
  if (beir_id) id = std::move(beir_id);
  return {id ? *std::move(id) : std::string(),
          title.empty() ? *std::move(text) : concat(title, ' ', *text)};
}

void CorpusFile::note_read(std::size_t bytes) const {
  if ((bytes_since_drop_ += bytes) < kDropEvery) return;
  bytes_since_drop_ = 0;
  file_.drop_pages();
}

}  // namespace sbert
