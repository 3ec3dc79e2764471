#include "sbert/mine/corpus_file.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/line_file.h"

namespace sbert {
namespace {

// Pages that were read stay in memory until this many bytes have gone by.
constexpr std::uint64_t kDropEvery = 64ULL << 20;
// What the kernel maps around the first byte that is looked at.
constexpr std::size_t kFaultAround = 1U << 16;
constexpr std::int64_t kRecordsBetweenStops = 4'096;

}  // namespace

CorpusFile::CorpusFile(const std::filesystem::path& path,
                       DocumentIds ids,
                       const StopToken& stop,
                       std::optional<InputFormat> format)
    : file_(path, format) {
  RecordWalk walk(file_);
  for (std::int64_t number = 1; walk.next(); ++number) {
    if (number % kRecordsBetweenStops == 0) stop.throw_if_stopped();
    if (is_blank(walk.record())) continue;
    walk.at_line([&] {
      TextObject document = file_.read(walk.record());
      if (ids == DocumentIds::kRequired) required_id(std::move(document));
    });
    offsets_.push_back(file_.offset_of(walk.record()));
    note_read(walk.record().size());
  }
  if (offsets_.empty()) fail(ErrorKind::kInput, concat(file_.name(), ": holds no document"));
}

std::int64_t CorpusFile::line(std::int64_t row) const {
  const std::string_view before =
      file_.bytes().substr(0, offsets_.at(static_cast<std::size_t>(row)));
  return std::count(before.begin(), before.end(), '\n') + 1;
}

CorpusFile::Record CorpusFile::record(std::int64_t row) const {
  const std::string_view record = file_.record_at(offsets_.at(static_cast<std::size_t>(row)));
  note_read(std::max(record.size(), kFaultAround));
  TextObject document =
      within(concat(file_.name(), ": document ", row + 1), [&] { return file_.read(record); });
  std::string id = std::move(document.id).value_or("");
  return {std::move(id), std::move(document).titled_text()};
}

void CorpusFile::note_read(std::size_t bytes) const {
  if ((bytes_since_drop_ += bytes) < kDropEvery) return;
  bytes_since_drop_ = 0;
  file_.drop_pages();
}

}  // namespace sbert
