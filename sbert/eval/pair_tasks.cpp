#include "sbert/eval/pair_tasks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/correlation.h"
#include "sbert/eval/distinct_texts.h"
#include "sbert/eval/evaluation_samples.h"
#include "sbert/eval/threshold_metrics.h"
#include "sbert/eval/vector_similarity.h"
#include "sbert/search/row_products.h"

namespace sbert {
namespace {

struct EmbeddedPairs {
  FloatMatrix first;
  FloatMatrix second;
};

EmbeddedPairs embed_pairs(const RoleEmbedder& source, const ScoredPairs& data) {
  DistinctTexts texts;
  const std::vector<std::int64_t> first = texts.add_all(data.first);
  const std::vector<std::int64_t> second = texts.add_all(data.second);
  const FloatMatrix embeddings = source.embed(texts.texts(), TextRole::kSymmetric);
  return {take_rows(embeddings, first), take_rows(embeddings, second)};
}

void check_not_constant(const ScoredPairs& data, std::string_view what) {
  const auto [low, high] = std::minmax_element(data.scores.begin(), data.scores.end());
  if (data.scores.empty()) fail(ErrorKind::kInput, "no pairs");
  if (*low == *high) fail(ErrorKind::kInput, concat(what, " are all the same: ", *low));
}

// The greatest of the metrics that are named so; a NaN does not count.
double max_of(const Metrics& metrics, std::string_view beginning, std::string_view ending) {
  double best = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, value] : metrics) {
    if (!name.starts_with(beginning) || !name.ends_with(ending)) continue;
    if (!(value <= best) && !std::isnan(value)) best = value;
  }
  return best;
}

std::string both_texts(const ScoredPairs& data, std::size_t i) {
  return concat(data.first[i], " | ", data.second[i]);
}

// How far the ranks by similarity and by score are apart, as a share of all; 1: not at all.
std::vector<double> rank_agreement(const ScoredPairs& data, std::span<const double> nearness) {
  const std::vector<double> wanted = average_ranks(data.scores);
  std::vector<double> agreement = average_ranks(nearness);
  for (std::size_t i = 0; i < agreement.size(); ++i) {
    const double apart = std::abs(agreement[i] - wanted[i]);
    agreement[i] = 1 - apart / static_cast<double>(agreement.size());
  }
  return agreement;
}

// For the report: what the model's own similarity says.
void sample_sts(const ScoredPairs& data, std::span<const double> nearness, Evaluation& evaluation) {
  const auto [low, high] = std::minmax_element(data.scores.begin(), data.scores.end());
  const double middle = std::midpoint(*low, *high);
  std::vector<bool> is_positive;
  for (const double score : data.scores)
    is_positive.push_back(score > middle);
  sample_scores(nearness, is_positive, evaluation);

  const std::vector<double> agreement = rank_agreement(data, nearness);
  for (const std::size_t i : lowest(agreement)) {
    evaluation.worst.push_back({.text = both_texts(data, i),
                                .expected = concat("score ", data.scores[i]),
                                .found = {concat("similarity ", fixed(nearness[i], 4))},
                                .score = agreement[i]});
  }
}

void add_binary_metrics(Similarity similarity,
                        std::span<const double> nearness,
                        const std::vector<bool>& is_positive,
                        Metrics& metrics) {
  const auto add = [&](std::string_view name, double value) {
    metrics.emplace_back(concat(similarity_name(similarity), "_", name), value);
  };
  const double sign = is_distance(similarity) ? -1 : 1;
  const BestAccuracy accuracy = best_accuracy(nearness, is_positive);
  const BestF1 f1 = best_f1(nearness, is_positive);
  add("accuracy", accuracy.accuracy);
  add("accuracy_threshold", sign * accuracy.threshold);
  add("f1", f1.f1);
  add("f1_threshold", sign * f1.threshold);
  add("precision", f1.precision);
  add("recall", f1.recall);
  add("ap", average_precision_of_scores(nearness, is_positive));
  add("mcc", f1.mcc);
}

void sample_pairs(std::string_view name,
                  const ScoredPairs& data,
                  std::span<const double> nearness,
                  const std::vector<bool>& is_positive,
                  Evaluation& evaluation) {
  sample_scores(nearness, is_positive, evaluation);
  evaluation.curves.push_back({"precision by recall", "recall",
                               precision_by_recall(nearness, is_positive, kReportedCurvePoints)});
  // What is right at the threshold of best accuracy, whose mean is that accuracy.
  const double threshold = best_accuracy(nearness, is_positive).threshold;
  ItemMetric is_right{concat(name, "_accuracy"), {}};
  std::vector<double> margins;  // by how much a pair is on the right side
  for (std::size_t i = 0; i < nearness.size(); ++i) {
    is_right.values.push_back((nearness[i] >= threshold) == is_positive[i] ? 1 : 0);
    margins.push_back(is_positive[i] ? nearness[i] - threshold : threshold - nearness[i]);
    evaluation.item_ids.push_back(concat("line ", data.lines[i]));
  }
  evaluation.item_metrics.push_back(std::move(is_right));
  for (const std::size_t i : lowest(margins)) {
    evaluation.worst.push_back(
        {.text = both_texts(data, i),
         .expected = is_positive[i] ? "belong together" : "do not belong together",
         .found = {concat("similarity ", fixed(nearness[i], 4))},
         .score = margins[i]});
  }
}

}  // namespace

Evaluation evaluate_sts(const RoleEmbedder& source, const ScoredPairs& data) {
  check_not_constant(data, "the scores");
  Evaluation evaluation{.task = "sts",
                        .main_metric = concat("spearman_", similarity_name(source.similarity()))};
  evaluation.counts = {{"pairs", static_cast<std::int64_t>(data.scores.size())}};
  const EmbeddedPairs pairs = embed_pairs(source, data);
  for (const Similarity similarity : kSimilarities) {
    const std::string_view name = similarity_name(similarity);
    const std::vector<double> nearness = rowwise_nearness(similarity, pairs.first, pairs.second);
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    const std::optional<double> pearson = pearson_correlation(nearness, data.scores);
    const std::optional<double> spearman = spearman_correlation(nearness, data.scores);
    if (!pearson || !spearman) {
      evaluation.warnings.push_back(
          concat("all pairs have the same similarity, so that no correlation is defined: ", name));
    }
    evaluation.metrics.emplace_back(concat("pearson_", name), pearson.value_or(kUndefined));
    evaluation.metrics.emplace_back(concat("spearman_", name), spearman.value_or(kUndefined));
    if (similarity == source.similarity()) sample_sts(data, nearness, evaluation);
  }
  for (const char* kind : {"pearson", "spearman"}) {
    const double best = max_of(evaluation.metrics, concat(kind, "_"), "");
    evaluation.metrics.emplace_back(concat(kind, "_max"), best);
  }
  return evaluation;
}

Evaluation evaluate_pair_classification(const RoleEmbedder& source, const ScoredPairs& data) {
  check_not_constant(data, "the labels");
  Evaluation evaluation{.task = "pair-classification",
                        .main_metric = concat(similarity_name(source.similarity()), "_ap")};
  std::vector<bool> is_positive;
  for (const double label : data.scores)
    is_positive.push_back(label == 1);
  evaluation.counts = {{"pairs", static_cast<std::int64_t>(data.scores.size())},
                       {"positive", std::count(is_positive.begin(), is_positive.end(), true)}};
  const EmbeddedPairs pairs = embed_pairs(source, data);
  for (const Similarity similarity : kSimilarities) {
    const std::vector<double> nearness = rowwise_nearness(similarity, pairs.first, pairs.second);
    add_binary_metrics(similarity, nearness, is_positive, evaluation.metrics);
    if (similarity == source.similarity())
      sample_pairs(similarity_name(similarity), data, nearness, is_positive, evaluation);
  }
  for (const char* name : {"_accuracy", "_f1", "_precision", "_recall", "_ap", "_mcc"}) {
    const double best = max_of(evaluation.metrics, "", name);
    evaluation.metrics.emplace_back(concat("max", name), best);
  }
  return evaluation;
}

}  // namespace sbert
