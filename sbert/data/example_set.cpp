#include "sbert/data/example_set.h"

#include <algorithm>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

void check_same_form(const ExampleFile& first, const ExampleFile& other) {
  const auto check = [&](std::string_view key, bool first_has, bool other_has) {
    if (first_has == other_has) return;
    fail(ErrorKind::kInput,
         concat("all files or none must have ", key, ": ", (first_has ? first : other).path(),
                " has them, not ", (first_has ? other : first).path()));
  };
  const FileTraits& a = first.traits();
  const FileTraits& b = other.traits();
  check("labels", a.has_labels, b.has_labels);
  check("pos_scores", a.has_positive_scores, b.has_positive_scores);
  if (a.has_negatives && b.has_negatives)
    check("neg_scores", a.has_negative_scores, b.has_negative_scores);
}

/// The part of [starts[k], starts[k + 1]) that holds `i`.
std::size_t part_of(const std::vector<std::int64_t>& starts, std::int64_t i) {
  if (i < 0 || i >= starts.back()) {
    fail(ErrorKind::kInternal, concat("no number ", i, " among ", starts.back()));
  }
  const auto after = std::upper_bound(starts.begin(), starts.end(), i);
  return static_cast<std::size_t>(after - starts.begin()) - 1;
}

}  // namespace

ExampleSet ExampleSet::open(const std::vector<std::filesystem::path>& files,
                            const ExampleFileOptions& options,
                            const StopToken& stop) {
  ExampleSet set;
  for (const std::filesystem::path& path : files) {
    const ExampleFile& file = set.files_.emplace_back(ExampleFile::open(path, options, stop));
    check_same_form(set.files_.front(), file);
    set.first_records_.push_back(set.size() + file.size());
    set.first_positives_.push_back(set.num_positives() + file.index().num_positives());
  }
  return set;
}

std::int64_t ExampleSet::first_positive(std::int64_t i) const {
  if (i == size()) return num_positives();
  const std::size_t file = part_of(first_records_, i);
  return first_positives_[file] + files_[file].index().positives_before(i - first_records_[file]);
}

std::int64_t ExampleSet::record_of_positive(std::int64_t positive) const {
  const std::size_t file = part_of(first_positives_, positive);
  return first_records_[file] +
         files_[file].index().record_of_positive(positive - first_positives_[file]);
}

Example ExampleSet::read(std::int64_t i) const {
  const std::size_t file = part_of(first_records_, i);
  return files_[file].read(i - first_records_[file]);
}

std::uint64_t ExampleSet::question_key(std::int64_t i) const {
  const std::size_t file = part_of(first_records_, i);
  return files_[file].index().question_key(i - first_records_[file]);
}

void ExampleSet::drop_pages() const {
  for (const ExampleFile& file : files_)
    file.drop_pages();
}

bool ExampleSet::is_pairs() const {
  return std::all_of(files_.begin(), files_.end(), [](const ExampleFile& file) {
    return file.traits().form == RecordForm::kPair;
  });
}

std::uint64_t ExampleSet::bytes() const {
  std::uint64_t bytes = 0;
  for (const ExampleFile& file : files_)
    bytes += file.bytes();
  return bytes;
}

std::uint64_t ExampleSet::content_key() const {
  std::uint64_t key = 0;
  for (const ExampleFile& file : files_)
    key = derive_key(key, file.index().content_key());
  return key;
}

}  // namespace sbert
