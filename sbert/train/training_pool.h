#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sbert/data/example_set.h"
#include "sbert/data/input_format.h"
#include "sbert/data/split.h"
#include "sbert/mine/documents.h"

namespace sbert {

/// The documents that negatives are mined from, no two with the same text (text_key()), and which
/// of them answer the question of a record. All of it is in memory. Rows are first the candidates,
/// then the positives that are none.
class TrainingPool : public Documents {
 public:
  /// @param examples the training files
  /// @param records  those that train
  /// @param corpus   the candidates: a file of texts, or a folder with corpus.jsonl; empty: the
  ///                 documents of the records
  /// @param format   of the corpus; absent: find_format()
  /// @throws what read_text_records() throws; Error(kInput) if there is no candidate
  TrainingPool(const ExampleSet& examples,
               std::span<const RowNumber> records,
               const std::string& corpus,
               std::optional<InputFormat> format = std::nullopt);

  std::int64_t size() const override { return static_cast<std::int64_t>(texts_.size()); }
  std::int64_t num_candidates() const { return num_candidates_; }
  /// As in the file, without prefix.
  std::string text(std::int64_t row) const override {
    return texts_.at(static_cast<std::size_t>(row));
  }
  std::uint64_t id_key(std::int64_t row) const override {
    return id_keys_.at(static_cast<std::size_t>(row));
  }

  /// The rows of all positives that any of the records gives for the question of this one,
  /// ascending. Empty for a record that does not train.
  std::span<const RowNumber> positives(std::int64_t record) const;

  /// A hash of the documents.
  std::uint64_t content_key() const { return content_key_; }

 private:
  class Builder;

  std::vector<std::string> texts_;
  std::vector<std::uint64_t> id_keys_;
  std::int64_t num_candidates_ = 0;
  std::uint64_t content_key_ = 0;
  // The positives of question q are positives_[first_positive_[q]] to before that of q + 1.
  std::vector<RowNumber> question_of_record_;
  std::vector<std::size_t> first_positive_;
  std::vector<RowNumber> positives_;
};

}  // namespace sbert
