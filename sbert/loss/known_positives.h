#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/loss/loss.h"

namespace sbert {

// Which documents the data itself names as positives of a question (LossTargets::answer_keys): they
// are no negatives of it, whichever row of the batch brings them.

/// A question of the batch, and the place of a document that answers it.
struct KnownPair {
  std::int64_t question = 0;
  std::int64_t document = 0;

  friend bool operator==(const KnownPair&, const KnownPair&) = default;
};

/// In the order of the questions, then of the documents.
/// @param documents text keys
std::vector<KnownPair> known_pairs(const LossTargets& targets,
                                   std::span<const std::uint64_t> documents);

/// Which documents of the batch, by their place among the positives and negatives, answer the
/// questions of its part. @return [b, B + N] bool, or undefined if there is none beside the
/// questions' own positives
Tensor known_of_questions(const LossBatch& batch);

/// The other way round: which questions the positives of the part answer. @return [b, B] bool, or
/// undefined
Tensor known_of_positives(const LossBatch& batch);

/// Which documents of the memory answer the questions of the part. @return [b, M] bool, or
/// undefined
Tensor known_of_memory(const LossBatch& batch);

/// How many negatives the questions of a batch lose by it, in the batch: positives of others, and
/// hard negatives of their own, or of all.
std::int64_t count_known_negatives(const LossTargets& targets, bool shares_hard_negatives);

}  // namespace sbert
