#pragma once

// What evaluators keep for a report: small samples of what they saw.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/eval/evaluation.h"

namespace sbert {

constexpr std::int64_t kReportedScores = 10'000;  ///< of each kind
constexpr std::int64_t kReportedExamples = 20;
constexpr std::int64_t kReportedCurvePoints = 200;
constexpr std::int64_t kMappedTexts = 2'000;

/// The mean of each metric's values. At least one value each.
Metrics means_of(const std::vector<ItemMetric>& items);

/// At most `most` of the numbers [0, n), the same ones each time, ascending.
std::vector<std::int64_t> sample_of(std::int64_t n, std::int64_t most);

/// Fills positive_scores and negative_scores of an evaluation.
void sample_scores(std::span<const double> scores,
                   const std::vector<bool>& is_positive,
                   Evaluation& evaluation);

/// Fills map_embeddings and map_labels.
/// @param embeddings [N, H]
/// @param labels     [N]
void sample_map(const FloatMatrix& embeddings,
                const std::vector<std::string>& labels,
                Evaluation& evaluation);

/// Places of the lowest values, lowest first, at most kReportedExamples.
std::vector<std::size_t> lowest(std::span<const double> values);

}  // namespace sbert
