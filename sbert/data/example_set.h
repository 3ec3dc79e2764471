#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sbert/data/example_file.h"

namespace sbert {

/// Several files of examples, one after another. A record has a number among those of all files,
/// and each of its positives has one among all positives.
class ExampleSet {
 public:
  /// @throws what ExampleFile::open() throws; Error(kInput) if one file gives labels or scores and
  ///         another does not
  static ExampleSet open(const std::vector<std::filesystem::path>& files,
                         const ExampleFileOptions& options,
                         const StopToken& stop = {});

  const std::vector<ExampleFile>& files() const { return files_; }
  std::int64_t size() const { return first_records_.back(); }
  std::int64_t num_positives() const { return first_positives_.back(); }
  /// The number of the first positive of record `i`, which may be size().
  std::int64_t first_positive(std::int64_t i) const;
  /// The record that has this positive.
  std::int64_t record_of_positive(std::int64_t positive) const;
  Example read(std::int64_t i) const;
  /// text_key() of the question of record `i`, which is not read for it.
  std::uint64_t question_key(std::int64_t i) const;
  /// MappedFile::drop_pages() of every file.
  void drop_pages() const;

  /// True if all files hold pairs of sentences (RecordForm::kPair).
  bool is_pairs() const;
  std::uint64_t bytes() const;
  /// A hash of the content of all files, in order.
  std::uint64_t content_key() const;

 private:
  std::vector<ExampleFile> files_;
  // One more than there are files; the last is the total.
  std::vector<std::int64_t> first_records_{0};
  std::vector<std::int64_t> first_positives_{0};
};

}  // namespace sbert
