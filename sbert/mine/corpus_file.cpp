#include "sbert/mine/corpus_file.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/byte_order_mark.h"
#include "sbert/data/json_record.h"
#include "sbert/data/line_file.h"

namespace sbert {
namespace {

// Pages that were read stay in memory until this many bytes have gone by.
constexpr std::uint64_t kDropEvery = 64ULL << 20;
// What the kernel maps around the first byte that is looked at.
constexpr std::size_t kFaultAround = 1U << 16;
constexpr std::int64_t kLinesBetweenStops = 4'096;

}  // namespace

CorpusFile::CorpusFile(const std::filesystem::path& path, DocumentIds ids, const StopToken& stop)
    : file_(path),
      form_(path.extension() == ".jsonl" ? Form::kJson
            : path.extension() == ".tsv" ? Form::kTsv
                                         : Form::kLines) {
  within(path.native(), [&] { index(ids, stop); });
}

void CorpusFile::index(DocumentIds ids, const StopToken& stop) {
  const std::string_view bytes = file_.bytes();
  std::size_t at = byte_order_mark_size(bytes);
  std::int64_t number = 0;
  if (form_ == Form::kTsv) {
    table_.emplace(bytes);
    const auto& columns = table_->columns();
    if (std::find(columns.begin(), columns.end(), "text") == columns.end()) {
      fail(ErrorKind::kInput,
           "the first line must name the columns, with tabs between: _id, title, text");
    }
    at = table_->first_row();
    number = std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  }
  while (at < bytes.size()) {
    const std::size_t begin = at;
    const std::size_t length = std::min(bytes.find('\n', begin), bytes.size()) - begin;
    at = std::min(begin + length + 1, bytes.size());
    ++number;
    if (number % kLinesBetweenStops == 0) stop.throw_if_stopped();
    const std::string_view line = bytes.substr(begin, length);
    if (is_blank(line)) continue;
    try {
      TextObject document = parse(line);
      if (ids == DocumentIds::kRequired) required_id(std::move(document));
    } catch (Error& error) {
      error.within(concat("line ", number));
      throw;
    }
    offsets_.push_back(begin);
    note_read(length);
  }
  if (offsets_.empty()) fail(ErrorKind::kInput, "holds no document");
}

std::int64_t CorpusFile::line(std::int64_t row) const {
  const std::string_view before =
      file_.bytes().substr(0, offsets_.at(static_cast<std::size_t>(row)));
  return std::count(before.begin(), before.end(), '\n') + 1;
}

CorpusFile::Record CorpusFile::record(std::int64_t row) const {
  const std::string_view bytes = file_.bytes();
  const std::uint64_t begin = offsets_.at(static_cast<std::size_t>(row));
  const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
  note_read(std::max(end - begin, kFaultAround));
  TextObject document = within(concat(file_.path(), ": document ", row + 1),
                               [&] { return parse(bytes.substr(begin, end - begin)); });
  std::string id = std::move(document.id).value_or("");
  return {std::move(id), std::move(document).titled_text()};
}

TextObject CorpusFile::parse(std::string_view line) const {
  if (line.ends_with('\r')) line.remove_suffix(1);
  check_line_length(line);
  switch (form_) {
    case Form::kLines:
      break;
    case Form::kTsv:
      return parse_text_object(*table_, line);
    case Form::kJson: {
      thread_local JsonRecordParser parser;
      return parse_text_object(parser, line);
    }
  }
  return {.text = std::string(line)};
}

void CorpusFile::note_read(std::size_t bytes) const {
  if ((bytes_since_drop_ += bytes) < kDropEvery) return;
  bytes_since_drop_ = 0;
  file_.drop_pages();
}

}  // namespace sbert
