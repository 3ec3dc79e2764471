#include "sbert/eval/label_tasks.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/classification_metrics.h"
#include "sbert/eval/clustering_metrics.h"
#include "sbert/eval/evaluation_samples.h"
#include "sbert/eval/logistic_regression.h"
#include "sbert/search/nearest_neighbours.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// Numbers labels in their order as strings.
class LabelNumbers {
 public:
  explicit LabelNumbers(const std::vector<std::string>& labels) {
    for (const std::string& label : labels)
      numbers_.emplace(label, 0);
    for (auto& [label, number] : numbers_) {
      number = static_cast<std::int64_t>(names_.size());
      names_.push_back(label);
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(names_.size()); }
  const std::string& name(std::int64_t number) const {
    return names_[static_cast<std::size_t>(number)];
  }
  /// The number of each label; that of a label that is not there follows the others'.
  std::vector<std::int64_t> of(const std::vector<std::string>& labels) const {
    std::map<std::string, std::int64_t> others;
    std::vector<std::int64_t> numbers;
    for (const std::string& label : labels) {
      const auto known = numbers_.find(label);
      numbers.push_back(
          known != numbers_.end()
              ? known->second
              : others.emplace(label, size() + static_cast<std::int64_t>(others.size()))
                    .first->second);
    }
    return numbers;
  }

 private:
  std::map<std::string, std::int64_t> numbers_;
  std::vector<std::string> names_;
};

FloatMatrix embed(const RoleEmbedder& source, const std::vector<std::string>& texts) {
  FloatMatrix embeddings = source.embed(texts, TextRole::kSymmetric);
  if (source.similarity() == Similarity::kCosine) normalize_rows(embeddings);
  return embeddings;
}

void check_labels(const LabelNumbers& labels) {
  if (labels.size() < 2) {
    fail(ErrorKind::kInput, concat("there must be at least two labels: ", labels.size()));
  }
}

void warn_of_unknown_labels(const LabelNumbers& known,
                            const std::vector<std::int64_t>& labels,
                            Evaluation& evaluation) {
  const auto unknown = std::count_if(labels.begin(), labels.end(),
                                     [&](std::int64_t label) { return label >= known.size(); });
  if (unknown == 0) return;
  evaluation.warnings.push_back(
      concat("test texts with a label that no training text has, which count as wrong: ", unknown,
             " of ", labels.size()));
}

// For the report and for comparisons: which texts are right, and some that are not.
void sample_predictions(const LabelledTexts& test,
                        const LabelNumbers& labels,
                        const std::vector<std::int64_t>& expected,
                        const std::vector<std::int64_t>& predicted,
                        Evaluation& evaluation) {
  ItemMetric is_right{"accuracy", {}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    is_right.values.push_back(expected[i] == predicted[i] ? 1 : 0);
    evaluation.item_ids.push_back(concat(i + 1));
  }
  for (const std::size_t i : lowest(is_right.values)) {
    if (is_right.values[i] == 1) break;
    evaluation.worst.push_back({.text = test.texts[i],
                                .expected = test.labels[i],
                                .found = {labels.name(predicted[i])},
                                .score = 0});
  }
  evaluation.item_metrics.push_back(std::move(is_right));
}

}  // namespace

Evaluation evaluate_clustering(const RoleEmbedder& source,
                               const LabelledTexts& data,
                               KMeansOptions options) {
  const LabelNumbers labels(data.labels);
  check_labels(labels);
  Evaluation evaluation{.task = "clustering", .main_metric = "v_measure"};
  evaluation.counts = {{"texts", static_cast<std::int64_t>(data.texts.size())},
                       {"labels", labels.size()}};
  const FloatMatrix embeddings = embed(source, data.texts);
  options.clusters = labels.size();
  const KMeansResult found = mini_batch_k_means(embeddings, options, source.context());
  const ClusteringMetrics metrics = clustering_metrics(labels.of(data.labels), found.clusters);
  evaluation.metrics = {{"v_measure", metrics.v_measure},
                        {"homogeneity", metrics.homogeneity},
                        {"completeness", metrics.completeness},
                        {"ari", metrics.ari},
                        {"nmi", metrics.nmi},
                        {"purity", metrics.purity}};
  sample_map(embeddings, data.labels, evaluation);
  return evaluation;
}

Evaluation evaluate_classification(const RoleEmbedder& source,
                                   const LabelledTexts& train,
                                   const LabelledTexts& test,
                                   const ClassificationOptions& options) {
  const LabelNumbers labels(train.labels);
  check_labels(labels);
  Evaluation evaluation{.task = "classification", .main_metric = "accuracy"};
  evaluation.counts = {{"train", static_cast<std::int64_t>(train.texts.size())},
                       {"test", static_cast<std::int64_t>(test.texts.size())},
                       {"labels", labels.size()}};
  const std::vector<std::int64_t> expected = labels.of(test.labels);
  warn_of_unknown_labels(labels, expected, evaluation);

  const FloatMatrix train_rows = embed(source, train.texts);
  const FloatMatrix test_rows = embed(source, test.texts);
  const std::vector<std::int64_t> train_labels = labels.of(train.labels);
  const LogisticRegression model = fit_logistic_regression(
      train_rows, train_labels, labels.size(),
      {.inverse_penalty = options.inverse_penalty, .max_iterations = options.max_iterations},
      source.context());
  if (!model.has_converged) {
    evaluation.warnings.push_back(
        concat("logistic regression has not converged, iterations: ", options.max_iterations));
  }
  const std::vector<std::int64_t> predicted = model.predict(test_rows);
  const std::vector<std::int64_t> by_neighbours = classify_by_neighbours(
      train_rows, train_labels, test_rows, options.neighbours, source.context());
  evaluation.metrics = {{"accuracy", accuracy(expected, predicted)},
                        {"macro_f1", macro_f1(expected, predicted)},
                        {"knn_accuracy", accuracy(expected, by_neighbours)},
                        {"knn_macro_f1", macro_f1(expected, by_neighbours)}};
  sample_predictions(test, labels, expected, predicted, evaluation);
  sample_map(test_rows, test.labels, evaluation);
  return evaluation;
}

}  // namespace sbert
