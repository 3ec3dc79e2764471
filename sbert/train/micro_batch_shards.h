#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sbert/data/packed_batch.h"
#include "sbert/nn/dropout_key.h"
#include "sbert/train/training_batch.h"

namespace sbert {

/// Some sequences of a micro batch, for one worker.
struct Shard {
  PackedBatch tokens;
  DropoutKey key;
  std::int64_t first_row = 0;  ///< in the embeddings of the micro batch
};

/// Cuts a micro batch into at most `workers` runs of whole sequences with about the same number of
/// tokens each. A sequence draws its dropout by its question's place in the global batch and its
/// own among the question's texts, so that it does not depend on how the global batch is cut.
/// @param key            of the step's dropout
/// @param first_question place of the micro batch's first question in the global batch
std::vector<Shard> shard_micro_batch(const MicroBatch& batch,
                                     std::uint64_t key,
                                     std::int64_t first_question,
                                     std::size_t workers);

}  // namespace sbert
