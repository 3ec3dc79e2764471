#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace sbert {

/// Text keys of documents that are no negatives of a question, ascending.
using AnswerKeys = std::shared_ptr<const std::vector<std::uint64_t>>;

/// What the data says of a batch of B questions (or first texts), each with one positive document
/// (or second text) and any number of hard negatives, N in all. Vectors that the data does not give
/// are empty.
struct LossTargets {
  std::vector<std::int64_t> negative_counts;  ///< [B] hard negatives of each question, N in all
  std::vector<double> labels;                 ///< [B] class (from 0) or similarity of each pair
  std::vector<double> positive_scores;        ///< [B] a teacher's
  std::vector<double> negative_scores;        ///< [N] a teacher's
  /// [B + N] of the positives, then the negatives: documents of equal text have equal keys, and
  /// documents of equal id, where the data gives ids (0: no id).
  std::vector<std::uint64_t> text_keys;
  std::vector<std::uint64_t> id_keys;
  std::vector<std::uint64_t> question_keys;  ///< [B] as text_keys, of the questions
  /// [B] Documents that the data names as positives of the question, in this record or another, and
  /// the question's own text; null: none but its positive.
  std::vector<AnswerKeys> answer_keys;

  std::int64_t num_questions() const { return static_cast<std::int64_t>(negative_counts.size()); }
};

}  // namespace sbert
