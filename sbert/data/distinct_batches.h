#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sbert {

/// What a row of training data is compared by: text_key() of its texts.
struct RowKeys {
  std::uint64_t question = 0;
  std::uint64_t positive = 0;
  std::vector<std::uint64_t> negatives;
  /// Of the question's text as a document; 0: not compared.
  std::uint64_t question_as_document = 0;
};

/// Which rows each batch has.
struct Batches {
  std::vector<std::vector<std::size_t>> rows;  ///< [batches][batch_size], numbers of rows
  /// [rows] Which negatives a row has to leave out, ascending.
  std::vector<std::vector<std::size_t>> dropped_negatives;
};

/// Shares rows out to batches of `batch_size` so that in a batch no two questions are the same, no
/// two positives are, no positive is another question's negative, and no question's text is another
/// question's document. Each row goes to the first batch with room where it fits; so without
/// repetitions the order stays as it is. What fits nowhere fills the room that is left, and the
/// negatives that are positives of others are dropped; a question or a positive may then be in a
/// batch twice, or a question another's document: the loss has to leave such documents out.
///
/// Equal keys in one row are not handled here.
/// @throws Error(kInternal) if the number of rows is not a multiple of `batch_size`
Batches distinct_batches(std::span<const RowKeys> rows, std::int64_t batch_size);

}  // namespace sbert
