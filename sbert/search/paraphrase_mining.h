#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

struct ParaphraseOptions {
  std::int64_t neighbours = 100;     ///< nearest texts that are looked at, of each text
  std::int64_t max_pairs = 500'000;  ///< the best ones are returned
};

struct ScoredRows {
  std::int64_t first = 0;
  std::int64_t second = 0;  ///< above `first`
  float score = 0;

  friend bool operator==(const ScoredRows&, const ScoredRows&) = default;
};

/// The pairs of rows with the highest dot product, each once: of each row its nearest others, as
/// sentence-transformers' paraphrase_mining. Best first, equal ones by rows. Memory is bounded by
/// max_pairs.
///
/// @param embeddings [N, D]
/// @throws Error(kUsage) if an option is below 1, Error(kCancelled) when a stop is asked for
std::vector<ScoredRows> mine_paraphrases(const FloatMatrix& embeddings,
                                         const ParaphraseOptions& options,
                                         const ComputeContext& context);

}  // namespace sbert
