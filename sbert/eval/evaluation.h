#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/curve.h"
#include "sbert/base/matrix.h"
#include "sbert/base/metrics.h"

namespace sbert {

/// A metric of each item (query, pair, text) of a task, whose mean it is: for paired comparisons of
/// two models on the same data.
struct ItemMetric {
  std::string name;            ///< as in Evaluation::metrics: "ndcg@10"
  std::vector<double> values;  ///< [items]
};

/// A query that went badly, for people to read.
struct BadExample {
  std::string text;                ///< the query, or both texts of a pair
  std::string expected;            ///< the relevant document, or the score that was wanted
  std::vector<std::string> found;  ///< what the model put first, or its score
  double score = 0;                ///< of the item, by the task's main metric
};

/// The result of a task: figures for all, and what a report shows of them.
struct Evaluation {
  std::string task;         ///< "sts"
  std::string main_metric;  ///< the one that models are compared by: "spearman_cosine"
  Metrics metrics;          ///< sentence-transformers' names; NaN where one is not defined
  /// How much was measured: {"queries", 300}, {"documents", 5183}.
  std::vector<std::pair<std::string, std::int64_t>> counts;
  std::vector<std::string> warnings;  ///< "qrels/test.tsv:7: unknown document id, left out: d9"

  std::vector<std::string> item_ids;  ///< [items]; empty where the task has no items
  std::vector<ItemMetric> item_metrics;

  std::vector<Curve> curves;
  std::vector<double> positive_scores;  ///< of pairs that belong together; a sample
  std::vector<double> negative_scores;  ///< of pairs that do not; a sample
  std::vector<BadExample> worst;        ///< worst first
  FloatMatrix map_embeddings;           ///< [M, H] a sample to draw a map of
  std::vector<std::string> map_labels;  ///< [M]
};

}  // namespace sbert
