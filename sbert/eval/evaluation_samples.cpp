#include "sbert/eval/evaluation_samples.h"

#include <algorithm>
#include <numeric>

#include "sbert/base/draws.h"
#include "sbert/search/row_products.h"

namespace sbert {

Metrics means_of(const std::vector<ItemMetric>& items) {
  Metrics metrics;
  for (const ItemMetric& item : items) {
    const double sum = std::accumulate(item.values.begin(), item.values.end(), 0.0);
    metrics.emplace_back(item.name, sum / static_cast<double>(item.values.size()));
  }
  return metrics;
}

std::vector<std::int64_t> sample_of(std::int64_t n, std::int64_t most) {
  std::vector<std::int64_t> rows = Draws(0).sample(n, most);
  std::sort(rows.begin(), rows.end());
  return rows;
}

void sample_scores(std::span<const double> scores,
                   const std::vector<bool>& is_positive,
                   Evaluation& evaluation) {
  std::vector<double> positive;
  std::vector<double> negative;
  for (std::size_t i = 0; i < scores.size(); ++i)
    (is_positive[i] ? positive : negative).push_back(scores[i]);
  const auto keep = [](const std::vector<double>& all, std::vector<double>& kept) {
    for (const std::int64_t i : sample_of(static_cast<std::int64_t>(all.size()), kReportedScores))
      kept.push_back(all[static_cast<std::size_t>(i)]);
  };
  keep(positive, evaluation.positive_scores);
  keep(negative, evaluation.negative_scores);
}

void sample_map(const FloatMatrix& embeddings,
                const std::vector<std::string>& labels,
                Evaluation& evaluation) {
  const std::vector<std::int64_t> rows = sample_of(embeddings.rows, kMappedTexts);
  evaluation.map_embeddings = take_rows(embeddings, rows);
  for (const std::int64_t row : rows)
    evaluation.map_labels.push_back(labels[static_cast<std::size_t>(row)]);
}

std::vector<std::size_t> lowest(std::span<const double> values) {
  std::vector<std::size_t> places(values.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  places.resize(std::min(places.size(), static_cast<std::size_t>(kReportedExamples)));
  return places;
}

}  // namespace sbert
