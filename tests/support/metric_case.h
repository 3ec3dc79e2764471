#pragma once

// Inputs of metrics as numbers in text, and what our functions make of them: for the test against
// committed outputs of other libraries, and for the comparison with the libraries themselves.
//
// A case is lines of words with tabs between: `case KIND NUMBER`, then `NAME VALUE...` for each
// input, then `end`. An input of a matrix is row after row.

#include <algorithm>
#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"
#include "sbert/eval/classification_metrics.h"
#include "sbert/eval/clustering_metrics.h"
#include "sbert/eval/correlation.h"
#include "sbert/eval/logistic_regression.h"
#include "sbert/eval/retrieval_metrics.h"
#include "sbert/eval/threshold_metrics.h"
#include "sbert/search/agglomerative.h"
#include "sbert/search/community_detection.h"
#include "sbert/search/nearest_neighbours.h"
#include "sbert/search/paraphrase_mining.h"
#include "sbert/search/similarity.h"
#include "tests/support/trec_eval_order.h"

namespace sbert {

struct MetricCase {
  std::string kind;
  std::string number;
  std::map<std::string, std::vector<double>> inputs;

  const std::vector<double>& operator[](const std::string& name) const { return inputs.at(name); }
  double scalar(const std::string& name) const { return inputs.at(name).at(0); }
  std::int64_t integer(const std::string& name) const {
    return static_cast<std::int64_t>(scalar(name));
  }
  std::vector<std::int64_t> integers(const std::string& name) const {
    const std::vector<double>& values = inputs.at(name);
    return {values.begin(), values.end()};
  }
  std::vector<bool> booleans(const std::string& name) const {
    std::vector<bool> values;
    for (const double value : inputs.at(name))
      values.push_back(value != 0);
    return values;
  }
  FloatMatrix matrix(const std::string& name) const {
    const std::vector<double>& values = inputs.at(name);
    const std::int64_t columns = integer("columns");
    FloatMatrix rows(static_cast<std::int64_t>(values.size()) / columns, columns);
    for (std::size_t i = 0; i < values.size(); ++i)
      rows.values[i] = static_cast<float>(values[i]);
    return rows;
  }
};

/// The next case; nothing at the end.
inline std::optional<MetricCase> read_metric_case(std::istream& stream) {
  MetricCase result;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "end") return result;
    if (name == "case") {
      words >> result.kind >> result.number;
      continue;
    }
    std::vector<double>& values = result.inputs[name];
    for (std::string word; words >> word;)
      values.push_back(std::stod(word));
  }
  return std::nullopt;
}

namespace detail {

inline JudgedRanking ranking_of(const MetricCase& c, RetrievalMode mode) {
  struct Document {
    std::string id;
    float score = 0;
    int grade = 0;
  };
  std::vector<Document> documents;
  const std::vector<std::int64_t> ids = c.integers("ids");
  JudgedRanking ranking;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const int grade = static_cast<int>(c["grades"][i]);
    documents.push_back({std::to_string(ids[i]), static_cast<float>(c["scores"][i]), grade});
    ranking.judged.push_back(grade);
  }
  std::sort(documents.begin(), documents.end(), [&](const Document& a, const Document& b) {
    if (mode == RetrievalMode::kTrec) return trec_eval_ranks_before(a.score, a.id, b.score, b.id);
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  for (const Document& document : documents)
    ranking.ranked.push_back(document.grade);
  return ranking;
}

inline std::vector<double> retrieval(const MetricCase& c, RetrievalMode mode) {
  std::vector<double> values;
  const std::vector<JudgedRanking> queries{ranking_of(c, mode)};
  for (const auto& [name, value] : retrieval_metrics(queries, c.integers("cutoffs"), mode))
    values.push_back(value);
  return values;
}

inline std::vector<double> binary(const MetricCase& c) {
  const std::vector<bool> labels = c.booleans("labels");
  const BestAccuracy accuracy = best_accuracy(c["scores"], labels);
  const BestF1 f1 = best_f1(c["scores"], labels);
  return {accuracy.accuracy,
          accuracy.threshold,
          f1.f1,
          f1.threshold,
          f1.precision,
          f1.recall,
          f1.mcc,
          average_precision_of_scores(c["scores"], labels)};
}

inline std::vector<double> clustering(const MetricCase& c) {
  const ClusteringMetrics m = clustering_metrics(c.integers("classes"), c.integers("clusters"));
  return {m.homogeneity, m.completeness, m.v_measure, m.ari, m.nmi, m.purity};
}

// The differences of the classes' scores from the first one's, of each row.
inline std::vector<double> logistic_regression(const MetricCase& c) {
  const WorkerPool pool(2);
  const FloatMatrix rows = c.matrix("rows");
  const LogisticRegression model = fit_logistic_regression(
      rows, c.integers("labels"), c.integer("classes"),
      {.inverse_penalty = c.scalar("inverse_penalty"), .tolerance = 1e-10}, {pool});
  const auto width = static_cast<std::size_t>(rows.columns) + 1;
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::size_t k = 1; k < static_cast<std::size_t>(model.classes); ++k) {
      double score = model.weights[k * width + width - 1] - model.weights[width - 1];
      for (std::size_t j = 0; j + 1 < width; ++j) {
        score +=
            (model.weights[k * width + j] - model.weights[j]) * static_cast<double>(rows.row(i)[j]);
      }
      values.push_back(score);
    }
  }
  return values;
}

// Each community's size, then its rows.
inline std::vector<double> communities(const MetricCase& c) {
  const WorkerPool pool(2);
  std::vector<double> values;
  for (const auto& rows : detect_communities(
           c.matrix("rows"),
           {.threshold = c.scalar("threshold"), .min_size = c.integer("min_size")}, {pool})) {
    values.push_back(static_cast<double>(rows.size()));
    values.insert(values.end(), rows.begin(), rows.end());
  }
  return values;
}

// First row, second row and score of each pair, by rows: near ones may be in either order.
inline std::vector<double> paraphrases(const MetricCase& c) {
  const WorkerPool pool(2);
  FloatMatrix rows = c.matrix("rows");
  normalize_rows(rows);
  std::vector<ScoredRows> pairs = mine_paraphrases(
      rows, {.neighbours = c.integer("neighbours"), .max_pairs = c.integer("max_pairs")}, {pool});
  std::sort(pairs.begin(), pairs.end(), [](const ScoredRows& a, const ScoredRows& b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  std::vector<double> values;
  for (const ScoredRows& pair : pairs) {
    values.insert(values.end(), {static_cast<double>(pair.first), static_cast<double>(pair.second),
                                 static_cast<double>(pair.score)});
  }
  return values;
}

inline std::vector<double> doubles(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

}  // namespace detail

/// What our functions give for the case, in the order that the kind's reference has.
inline std::vector<double> measure(const MetricCase& c) {
  if (c.kind == "correlation") {
    return {pearson_correlation(c["a"], c["b"]).value(),
            spearman_correlation(c["a"], c["b"]).value()};
  }
  if (c.kind == "binary") return detail::binary(c);
  if (c.kind == "ndcg") {
    return {ndcg_of_scores(c["scores"], c.booleans("labels"), c.integer("k"))};
  }
  if (c.kind == "clustering") return detail::clustering(c);
  if (c.kind == "classification") {
    return {accuracy(c.integers("expected"), c.integers("predicted")),
            macro_f1(c.integers("expected"), c.integers("predicted"))};
  }
  if (c.kind == "trec") return detail::retrieval(c, RetrievalMode::kTrec);
  if (c.kind == "st") return detail::retrieval(c, RetrievalMode::kSentenceTransformers);
  if (c.kind == "logistic_regression") return detail::logistic_regression(c);
  if (c.kind == "communities") return detail::communities(c);
  if (c.kind == "paraphrases") return detail::paraphrases(c);
  if (c.kind == "ward" || c.kind == "average" || c.kind == "complete") {
    const WorkerPool pool(1);
    return detail::doubles(agglomerative_clusters(
        c.matrix("rows"), parse_enum<Linkage>("linkage", c.kind), c.integer("clusters"), {pool}));
  }
  if (c.kind == "neighbours") {
    const WorkerPool pool(2);
    return detail::doubles(classify_by_neighbours(c.matrix("rows"), c.integers("labels"),
                                                  c.matrix("queries"), c.integer("k"), {pool}));
  }
  throw std::invalid_argument("no such kind of case: " + c.kind);
}

}  // namespace sbert
