#include "sbert/eval/retrieval_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/evaluation_samples.h"

namespace sbert {
namespace {

bool is_relevant(int grade) {
  return grade >= 1;
}

std::span<const int> first(const std::vector<int>& grades, std::int64_t k) {
  return std::span(grades).first(std::min(grades.size(), static_cast<std::size_t>(k)));
}

double count_relevant(std::span<const int> grades) {
  return static_cast<double>(std::count_if(grades.begin(), grades.end(), is_relevant));
}

double ratio(double part, double whole) {
  return whole == 0 ? 0 : part / whole;
}

double discounted_gain(std::span<const int> grades) {
  double sum = 0;
  for (std::size_t i = 0; i < grades.size(); ++i) {
    if (is_relevant(grades[i])) sum += grades[i] / std::log2(static_cast<double>(i + 2));
  }
  return sum;
}

// Precisions at the ranks up to k that hold a relevant document.
double sum_of_precisions(const JudgedRanking& query, std::int64_t k) {
  const std::span<const int> ranked = first(query.ranked, k);
  double found = 0;
  double sum = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    if (is_relevant(ranked[i])) sum += ++found / static_cast<double>(i + 1);
  }
  return sum;
}

struct Measure {
  std::string_view name;
  double (*of)(const JudgedRanking&, std::int64_t);
};

constexpr std::array kMeasures{
    Measure{"ndcg", ndcg},     Measure{"mrr", reciprocal_rank}, Measure{"map", average_precision},
    Measure{"recall", recall}, Measure{"precision", precision}, Measure{"accuracy", success},
};

// Every relevant document counts the same.
JudgedRanking without_grades(JudgedRanking query) {
  for (std::vector<int>* grades : {&query.ranked, &query.judged}) {
    for (int& grade : *grades)
      grade = is_relevant(grade) ? 1 : 0;
  }
  return query;
}

double value_of(const Measure& measure,
                const JudgedRanking& query,
                std::int64_t k,
                RetrievalMode mode) {
  if (mode == RetrievalMode::kTrec) return measure.of(query, k);
  if (measure.of == average_precision) return capped_average_precision(query, k);
  return measure.of(without_grades(query), k);
}

}  // namespace

double ndcg(const JudgedRanking& query, std::int64_t k) {
  std::vector<int> ideal = query.judged;
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  return ratio(discounted_gain(first(query.ranked, k)), discounted_gain(first(ideal, k)));
}

double average_precision(const JudgedRanking& query, std::int64_t k) {
  return ratio(sum_of_precisions(query, k), count_relevant(query.judged));
}

double capped_average_precision(const JudgedRanking& query, std::int64_t k) {
  const double most = std::min(count_relevant(query.judged), static_cast<double>(k));
  return ratio(sum_of_precisions(query, k), most);
}

double recall(const JudgedRanking& query, std::int64_t k) {
  return ratio(count_relevant(first(query.ranked, k)), count_relevant(query.judged));
}

double precision(const JudgedRanking& query, std::int64_t k) {
  return count_relevant(first(query.ranked, k)) / static_cast<double>(k);
}

double reciprocal_rank(const JudgedRanking& query, std::int64_t k) {
  const std::span<const int> ranked = first(query.ranked, k);
  const auto found = std::find_if(ranked.begin(), ranked.end(), is_relevant);
  return found == ranked.end() ? 0 : 1 / static_cast<double>(found - ranked.begin() + 1);
}

double success(const JudgedRanking& query, std::int64_t k) {
  const std::span<const int> ranked = first(query.ranked, k);
  return std::any_of(ranked.begin(), ranked.end(), is_relevant) ? 1 : 0;
}

std::vector<ItemMetric> retrieval_item_metrics(std::span<const JudgedRanking> queries,
                                               std::span<const std::int64_t> cutoffs,
                                               RetrievalMode mode) {
  std::vector<ItemMetric> metrics;
  for (const Measure& measure : kMeasures) {
    for (const std::int64_t k : cutoffs) {
      if (k < 1) fail(ErrorKind::kUsage, concat("a metric's cutoff must be at least 1: ", k));
      ItemMetric& metric = metrics.emplace_back(ItemMetric{concat(measure.name, "@", k), {}});
      for (const JudgedRanking& query : queries)
        metric.values.push_back(value_of(measure, query, k, mode));
    }
  }
  return metrics;
}

Metrics retrieval_metrics(std::span<const JudgedRanking> queries,
                          std::span<const std::int64_t> cutoffs,
                          RetrievalMode mode) {
  std::vector<JudgedRanking> counted;
  std::copy_if(queries.begin(), queries.end(), std::back_inserter(counted), has_relevant_document);
  const std::vector<ItemMetric> items = retrieval_item_metrics(counted, cutoffs, mode);
  if (counted.empty()) fail(ErrorKind::kInput, "no query has a relevant document");
  return means_of(items);
}

bool has_relevant_document(const JudgedRanking& query) {
  return count_relevant(query.judged) > 0;
}

}  // namespace sbert
