#pragma once

#include <cstdint>

#include "sbert/train/mined_negatives.h"
#include "sbert/train/model_options.h"
#include "sbert/train/training_batch.h"
#include "sbert/train/training_pool.h"

namespace sbert {

/// A turn of a record: what its negatives are drawn from, and by which key.
struct Turn {
  std::int64_t record = 0;
  bool is_pair = false;
  std::uint64_t key = 0;
};

/// Replaces the negatives of a row by hard_negatives_to_train of three kinds, in shares of
/// model.mining.mix that hold on average over rows: mined ones (drawn, if there are more than
/// needed), those that the row has, and any candidates of the pool. Where one kind is short, mined
/// and old ones replace each other, and random ones for both. No answer of the question
/// becomes a negative, and no text is repeated. A teacher's scores are dropped: mined documents
/// have none.
void mix_negatives(TrainingTexts& row,
                   const Turn& turn,
                   const MinedNegatives& mined,
                   const TrainingPool& pool,
                   const ModelOptions& options);

}  // namespace sbert
