#include "sbert/mine/document_pool.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

constexpr std::uint64_t kMostPlaces = 1U << 16;
// With what the kernel maps around a record, some 64 MB.
constexpr std::int64_t kReadsBeforeDrop = 1'000;
constexpr std::int64_t kKeysAtOnce = 1 << 16;
constexpr std::int64_t kKeysPerTask = 1 << 10;

std::uint64_t key_unless_blank(const std::string& text) {
  return text.find_first_not_of(" \t\n\v\f\r") == text.npos ? 0 : bytes_key(text);
}

}  // namespace

void RowsByKey::finish() {
  std::sort(entries_.begin(), entries_.end());
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same_key), entries_.end());
}

std::optional<std::int64_t> RowsByKey::find(std::uint64_t key) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), key,
                       [](const auto& entry, std::uint64_t k) { return entry.first < k; });
  if (found == entries_.end() || found->first != key) return std::nullopt;
  return found->second;
}

std::vector<std::int64_t> RowsByKey::rows() const {
  std::vector<std::int64_t> rows;
  rows.reserve(entries_.size());
  for (const auto& [key, row] : entries_)
    rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

void for_each_text_key(const Documents& documents,
                       const std::function<void(std::int64_t row, std::uint64_t key)>& visit,
                       const ComputeContext& context) {
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(kKeysAtOnce));
  for (std::int64_t begin = 0; begin < documents.size(); begin += kKeysAtOnce) {
    const std::int64_t count = std::min(kKeysAtOnce, documents.size() - begin);
    const std::int64_t tasks = (count + kKeysPerTask - 1) / kKeysPerTask;
    const auto read = [&](std::size_t task) {
      const std::int64_t first = static_cast<std::int64_t>(task) * kKeysPerTask;
      for (std::int64_t i = first; i < std::min(first + kKeysPerTask, count); ++i)
        keys[static_cast<std::size_t>(i)] = key_unless_blank(documents.text(begin + i));
    };
    context.pool.for_each(static_cast<std::size_t>(tasks), read, context.stop);
    for (std::int64_t i = 0; i < count; ++i)
      visit(begin + i, keys[static_cast<std::size_t>(i)]);
  }
}

std::string DocumentPool::text(std::int64_t row) const {
  const auto place = static_cast<std::size_t>(row);
  return place < rows_.size() ? corpus_->text(rows_[place]) : further_.at(place - rows_.size());
}

std::string DocumentPool::id(std::int64_t row) const {
  const auto place = static_cast<std::size_t>(row);
  return place < rows_.size() ? corpus_->id(rows_[place]) : std::string();
}

ExampleDocuments::ExampleDocuments(std::shared_ptr<const ExampleSet> examples,
                                   const StopToken& stop)
    : examples_(std::move(examples)) {
  for (std::int64_t record = 0; record < examples_->size(); ++record) {
    if (record % kReadsBeforeDrop == 0) {
      stop.throw_if_stopped();
      examples_->drop_pages();
    }
    const Example example = examples_->read(record);
    const std::uint64_t count = example.pos_doc.size() + example.neg_doc.size();
    if (count >= kMostPlaces) {
      fail(ErrorKind::kInput, concat("record ", record + 1, ": has too many documents, at most ",
                                     kMostPlaces - 1, ": ", count));
    }
    for (std::uint64_t place = 0; place < count; ++place)
      places_.push_back(static_cast<std::uint64_t>(record) * kMostPlaces + place);
  }
}

std::string ExampleDocuments::text(std::int64_t row) const {
  const std::uint64_t place = places_.at(static_cast<std::size_t>(row));
  if (++reads_since_drop_ >= kReadsBeforeDrop) {
    reads_since_drop_ = 0;
    examples_->drop_pages();
  }
  Example example = examples_->read(static_cast<std::int64_t>(place / kMostPlaces));
  const std::size_t in_record = place % kMostPlaces;
  const std::size_t positives = example.pos_doc.size();
  return in_record < positives ? std::move(example.pos_doc[in_record])
                               : std::move(example.neg_doc.at(in_record - positives));
}

}  // namespace sbert
