#include "sbert/eval/ranking_tasks.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/distinct_texts.h"
#include "sbert/eval/evaluation_samples.h"
#include "sbert/eval/paraphrase_metrics.h"
#include "sbert/eval/threshold_metrics.h"
#include "sbert/eval/vector_similarity.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

constexpr std::int64_t kRankingDepth = 10;
constexpr std::size_t kShownDocuments = 3;

// The documents of all samples, and their rows in one matrix.
struct Documents {
  DistinctTexts texts;
  std::vector<std::vector<std::int64_t>> rows;  // [samples], positives first
};

Documents collect_documents(const std::vector<RerankingSample>& samples) {
  Documents documents;
  for (const RerankingSample& sample : samples) {
    std::vector<std::int64_t> rows = documents.texts.add_all(sample.positives);
    const std::vector<std::int64_t> negatives = documents.texts.add_all(sample.negatives);
    rows.insert(rows.end(), negatives.begin(), negatives.end());
    documents.rows.push_back(std::move(rows));
  }
  return documents;
}

std::vector<bool> positives_first(std::size_t positives, std::size_t all) {
  std::vector<bool> is_positive(all, false);
  std::fill_n(is_positive.begin(), positives, true);
  return is_positive;
}

BadExample example_of(const RerankingSample& sample, std::span<const double> scores, double score) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  BadExample example{.text = sample.query, .expected = sample.positives[0], .score = score};
  for (std::size_t i = 0; i < std::min(order.size(), kShownDocuments); ++i) {
    const std::size_t document = order[i];
    const std::size_t positives = sample.positives.size();
    example.found.push_back(document < positives ? sample.positives[document]
                                                 : sample.negatives[document - positives]);
  }
  return example;
}

}  // namespace

Evaluation evaluate_reranking(const RoleEmbedder& source, const RerankingSamples& data) {
  if (data.samples.empty()) fail(ErrorKind::kInput, "no samples");
  const Similarity similarity = source.similarity();
  DistinctTexts queries;
  std::vector<std::int64_t> query_rows;
  for (const RerankingSample& sample : data.samples)
    query_rows.push_back(queries.add(sample.query));
  const Documents documents = collect_documents(data.samples);
  const FloatMatrix query_embeddings = source.embed(queries.texts(), TextRole::kQuery);
  const FloatMatrix embeddings = source.embed(documents.texts.texts(), TextRole::kDocument);

  Evaluation evaluation{.task = "reranking", .main_metric = "map", .warnings = data.warnings};
  std::vector<ItemMetric> metrics{{"map", {}}, {"mrr@10", {}}, {"ndcg@10", {}}};
  std::vector<double> all_scores;
  std::vector<bool> all_positive;
  std::vector<std::vector<double>> scores_of_sample;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    std::vector<double> scores;
    for (const std::int64_t row : documents.rows[i]) {
      scores.push_back(
          nearness(similarity, query_embeddings.row(query_rows[i]), embeddings.row(row)));
    }
    const std::vector<bool> is_positive =
        positives_first(data.samples[i].positives.size(), scores.size());
    metrics[0].values.push_back(average_precision_of_scores(scores, is_positive));
    metrics[1].values.push_back(reciprocal_rank_of_scores(scores, is_positive, kRankingDepth));
    metrics[2].values.push_back(ndcg_of_scores(scores, is_positive, kRankingDepth));
    all_scores.insert(all_scores.end(), scores.begin(), scores.end());
    all_positive.insert(all_positive.end(), is_positive.begin(), is_positive.end());
    scores_of_sample.push_back(std::move(scores));
    evaluation.item_ids.push_back(concat(i + 1));
  }
  evaluation.counts = {{"queries", static_cast<std::int64_t>(data.samples.size())},
                       {"documents", static_cast<std::int64_t>(all_scores.size())}};
  evaluation.metrics = means_of(metrics);
  sample_scores(all_scores, all_positive, evaluation);
  for (const std::size_t i : lowest(metrics[0].values)) {
    evaluation.worst.push_back(
        example_of(data.samples[i], scores_of_sample[i], metrics[0].values[i]));
  }
  evaluation.item_metrics = std::move(metrics);
  return evaluation;
}

Evaluation evaluate_paraphrase_mining(const RoleEmbedder& source,
                                      const ParaphraseData& data,
                                      const ParaphraseOptions& options) {
  if (data.pairs.empty()) fail(ErrorKind::kInput, "no pairs");
  const Similarity similarity = source.similarity();
  if (is_distance(similarity)) {
    fail(ErrorKind::kUsage,
         concat("paraphrases are mined by cosine or dot product; the model's similarity is ",
                similarity_name(similarity)));
  }
  Evaluation evaluation{.task = "paraphrase-mining",
                        .main_metric = "average_precision",
                        .counts = {{"texts", static_cast<std::int64_t>(data.texts.size())},
                                   {"pairs", static_cast<std::int64_t>(data.pairs.size())}},
                        .warnings = data.warnings};
  FloatMatrix embeddings = source.embed(data.texts, TextRole::kSymmetric);
  if (similarity == Similarity::kCosine) normalize_rows(embeddings);
  const std::vector<ScoredRows> mined = mine_paraphrases(embeddings, options, source.context());
  std::vector<bool> is_gold;
  std::vector<double> scores;
  for (const ScoredRows& pair : mined) {
    is_gold.push_back(std::binary_search(data.pairs.begin(), data.pairs.end(),
                                         std::pair(pair.first, pair.second)));
    scores.push_back(pair.score);
  }
  const auto wanted = static_cast<std::int64_t>(data.pairs.size());
  const ParaphraseMetrics metrics = paraphrase_metrics(mined, is_gold, wanted);
  evaluation.metrics = {{"average_precision", metrics.average_precision},
                        {"f1", metrics.f1},
                        {"precision", metrics.precision},
                        {"recall", metrics.recall},
                        {"threshold", metrics.threshold}};
  sample_scores(scores, is_gold, evaluation);
  evaluation.curves.push_back({"precision by recall", "recall",
                               precision_by_recall(scores, is_gold, kReportedCurvePoints)});
  for (const auto& [first, second] : data.pairs) {
    if (evaluation.worst.size() >= static_cast<std::size_t>(kReportedExamples)) break;
    const double score = nearness(similarity, embeddings.row(first), embeddings.row(second));
    if (score >= metrics.threshold) continue;
    evaluation.worst.push_back({.text = data.texts[static_cast<std::size_t>(first)],
                                .expected = data.texts[static_cast<std::size_t>(second)],
                                .found = {concat("similarity ", fixed(score, 4))},
                                .score = score});
  }
  return evaluation;
}

}  // namespace sbert
