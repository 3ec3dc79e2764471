#pragma once

#include <cstdint>
#include <vector>

#include "sbert/search/paraphrase_mining.h"

namespace sbert {

struct ParaphraseMetrics {
  double average_precision = 0;
  double f1 = 0;  ///< the best one, over all numbers of pairs that may be taken
  double precision = 0;
  double recall = 0;
  double threshold = 0;  ///< score from which pairs are taken for that
};

/// Measures mined pairs as sentence-transformers' ParaphraseMiningEvaluator. Pairs with the same
/// score are taken together.
/// @param mined      as mine_paraphrases() returns them
/// @param is_gold    [mined] whether a pair is a wanted one
/// @param gold_pairs all that are wanted, at least 1
ParaphraseMetrics paraphrase_metrics(const std::vector<ScoredRows>& mined,
                                     const std::vector<bool>& is_gold,
                                     std::int64_t gold_pairs);

}  // namespace sbert
