#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/eval/evaluation.h"

namespace sbert {

struct NamedEvaluation {
  std::string name;  ///< of the model
  Evaluation evaluation;
};

struct ComparisonOptions {
  std::int64_t num_resamples = 10'000;
  double confidence = 0.95;
  std::uint64_t seed = 0;
};

/// The bounds that a mean is between, with some confidence.
struct Interval {
  double low = 0;
  double high = 0;
};

/// A model's items compared with the first model's.
struct ItemComparison {
  Interval interval;      ///< of the difference of the means
  std::int64_t won = 0;   ///< items with a higher value than the first model's
  std::int64_t lost = 0;  ///< with a lower one
  std::int64_t tied = 0;
};

/// A metric of one model beside the first model's.
struct ModelComparison {
  double value = 0;
  double difference = 0;  ///< value - the first model's; 0 for the first
  std::optional<ItemComparison>
      items;  ///< of all but the first, where the metric is a mean of items
};

struct ComparisonRow {
  std::string metric;
  bool is_main = false;
  std::vector<ModelComparison> models;  ///< [models], in their order
};

/// Sets models that were evaluated on the same data side by side: a row a metric of the first,
/// the main metric first. Intervals are those of a paired bootstrap: items are drawn with
/// replacement, the same for all models and metrics, and the interval holds the middle of the
/// differences of means (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, 13.3).
/// Drawing j of resample b is item (derive_key(seed, b, j) >> 32) * items >> 32; between two means
/// the percentile is linear.
///
/// @throws Error(kInput) if tasks, items or metrics differ, or an item's value is not a number;
///         Error(kUsage) if there is no evaluation, fewer than 1 resample, or a confidence outside
///         (0, 1); Error(kCancelled) once a stop is requested
std::vector<ComparisonRow> compare(const std::vector<NamedEvaluation>& evaluations,
                                   const ComparisonOptions& options,
                                   const ComputeContext& context);

/// A JSON array, an object a metric: {"metric", "main", "models": [{"name", "value", "difference",
/// "interval": [low, high], "won", "lost", "tied"}]}; the last four where there are items.
std::string comparison_json(const std::vector<NamedEvaluation>& evaluations,
                            const std::vector<ComparisonRow>& rows);

/// Lines for a terminal: the main metric, and then those named in `metrics` (all if it is empty);
/// a line a model.
std::string comparison_table(const std::vector<NamedEvaluation>& evaluations,
                             const std::vector<ComparisonRow>& rows,
                             const std::vector<std::string>& metrics = {});

}  // namespace sbert
