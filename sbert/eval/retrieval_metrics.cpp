#include "sbert/eval/retrieval_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

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

struct Measure {
  std::string_view name;
  double (*of)(const JudgedRanking&, std::int64_t);
};

constexpr std::array kMeasures{
    Measure{"ndcg", ndcg},     Measure{"mrr", reciprocal_rank}, Measure{"map", average_precision},
    Measure{"recall", recall}, Measure{"precision", precision}, Measure{"accuracy", success},
};

}  // namespace

bool trec_eval_ranks_before(float score_a,
                            std::string_view id_a,
                            float score_b,
                            std::string_view id_b) {
  return score_a != score_b ? score_a > score_b : id_a > id_b;
}

double ndcg(const JudgedRanking& query, std::int64_t k) {
  std::vector<int> ideal = query.judged;
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  return ratio(discounted_gain(first(query.ranked, k)), discounted_gain(first(ideal, k)));
}

double average_precision(const JudgedRanking& query, std::int64_t k) {
  const std::span<const int> ranked = first(query.ranked, k);
  double found = 0;
  double sum = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    if (is_relevant(ranked[i])) sum += ++found / static_cast<double>(i + 1);
  }
  return ratio(sum, count_relevant(query.judged));
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

Metrics retrieval_metrics(std::span<const JudgedRanking> queries,
                          std::span<const std::int64_t> cutoffs) {
  for (const std::int64_t k : cutoffs) {
    if (k < 1) fail(ErrorKind::kUsage, concat("a metric's cutoff must be at least 1: ", k));
  }
  std::vector<const JudgedRanking*> counted;
  for (const JudgedRanking& query : queries) {
    if (count_relevant(query.judged) > 0) counted.push_back(&query);
  }
  if (counted.empty()) fail(ErrorKind::kInput, "no query has a relevant document");

  Metrics metrics;
  for (const Measure& measure : kMeasures) {
    for (const std::int64_t k : cutoffs) {
      double sum = 0;
      for (const JudgedRanking* query : counted)
        sum += measure.of(*query, k);
      metrics.emplace_back(concat(measure.name, "@", k), sum / static_cast<double>(counted.size()));
    }
  }
  return metrics;
}

}  // namespace sbert
