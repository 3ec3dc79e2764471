#pragma once

// How well a score tells what is positive from what is not, at its best threshold, as
// sentence-transformers 6.2 and scikit-learn measure it. Items with the same score are on the same
// side of each threshold.

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/eval/evaluation.h"

namespace sbert {

/// Positive where score >= threshold.
struct BestAccuracy {
  double accuracy = 0;
  double threshold = 0;
};

struct BestF1 {
  double f1 = 0;
  double precision = 0;
  double recall = 0;
  double threshold = 0;
  /// Matthews' correlation coefficient at this threshold; 0 where it is not defined.
  double mcc = 0;
};

/// The highest accuracy of all thresholds. A threshold lies halfway between two scores, at the
/// lowest score, or just above the highest.
/// @param scores      not NaN
/// @param is_positive [scores]
BestAccuracy best_accuracy(std::span<const double> scores, const std::vector<bool>& is_positive);

/// The highest F1, and what belongs to its threshold; all 0 where nothing is positive.
BestF1 best_f1(std::span<const double> scores, const std::vector<bool>& is_positive);

/// Sum of (recall - recall before) * precision over all thresholds, as scikit-learn's
/// average_precision_score; 0 where nothing is positive.
double average_precision_of_scores(std::span<const double> scores,
                                   const std::vector<bool>& is_positive);

/// Recall and precision at thresholds from the highest to the lowest, some of them if there are
/// more than `max_points`; empty where nothing is positive.
std::vector<CurvePoint> precision_by_recall(std::span<const double> scores,
                                            const std::vector<bool>& is_positive,
                                            std::int64_t max_points);

/// Sum of the gains of the first k by descending score, each over log2(rank + 1), over the same sum
/// of the best order; equal scores share the average of their gains, as in scikit-learn's
/// ndcg_score. The gain is 1 or 0; 0 where nothing is positive.
double ndcg_of_scores(std::span<const double> scores,
                      const std::vector<bool>& is_positive,
                      std::int64_t k);

/// 1 / rank of the first positive by descending score, 0 if above k. What is not positive comes
/// first among equal scores, so that a score that is always the same earns nothing.
double reciprocal_rank_of_scores(std::span<const double> scores,
                                 const std::vector<bool>& is_positive,
                                 std::int64_t k);

}  // namespace sbert
