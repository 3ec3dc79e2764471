#include "sbert/eval/threshold_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// What a threshold just below a score takes, by descending score, one of each group of equals.
struct Cut {
  double score = 0;
  double taken = 0;     // items
  double positive = 0;  // of them
};

std::vector<Cut> cuts_of(std::span<const double> scores, const std::vector<bool>& is_positive) {
  if (scores.size() != is_positive.size()) {
    fail(ErrorKind::kInternal,
         concat("lists of different lengths: ", scores.size(), ", ", is_positive.size()));
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return scores[i] > scores[j]; });
  std::vector<Cut> cuts;
  for (const std::size_t i : order) {
    if (cuts.empty() || cuts.back().score != scores[i]) {
      const Cut before = cuts.empty() ? Cut{} : cuts.back();
      cuts.push_back({scores[i], before.taken, before.positive});
    }
    cuts.back().taken += 1;
    cuts.back().positive += is_positive[i] ? 1 : 0;
  }
  return cuts;
}

// Halfway to the next score, unless that rounds to it and would take it, too.
double threshold_after(const std::vector<Cut>& cuts, std::size_t i) {
  const double score = cuts[i].score;
  if (i + 1 == cuts.size()) return score;
  const double middle = std::midpoint(score, cuts[i + 1].score);
  return middle == cuts[i + 1].score ? score : middle;
}

double matthews(const Cut& cut, const Cut& all) {
  const double true_positive = cut.positive;
  const double false_positive = cut.taken - cut.positive;
  const double false_negative = all.positive - cut.positive;
  const double true_negative = all.taken - all.positive - false_positive;
  const double product = (true_positive + false_positive) * (true_positive + false_negative) *
                         (true_negative + false_positive) * (true_negative + false_negative);
  if (product == 0) return 0;
  return (true_positive * true_negative - false_positive * false_negative) / std::sqrt(product);
}

}  // namespace

BestAccuracy best_accuracy(std::span<const double> scores, const std::vector<bool>& is_positive) {
  const std::vector<Cut> cuts = cuts_of(scores, is_positive);
  if (cuts.empty()) return {};
  const Cut all = cuts.back();
  const double negatives = all.taken - all.positive;
  BestAccuracy best{negatives / all.taken,
                    std::nextafter(cuts[0].score, std::numeric_limits<double>::infinity())};
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const double rejected = negatives - (cuts[i].taken - cuts[i].positive);
    const double accuracy = (cuts[i].positive + rejected) / all.taken;
    if (accuracy > best.accuracy) best = {accuracy, threshold_after(cuts, i)};
  }
  return best;
}

BestF1 best_f1(std::span<const double> scores, const std::vector<bool>& is_positive) {
  const std::vector<Cut> cuts = cuts_of(scores, is_positive);
  BestF1 best;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i].positive == 0) continue;
    const double precision = cuts[i].positive / cuts[i].taken;
    const double recall = cuts[i].positive / cuts.back().positive;
    const double f1 = 2 * precision * recall / (precision + recall);
    if (f1 <= best.f1) continue;
    best = {f1, precision, recall, threshold_after(cuts, i), matthews(cuts[i], cuts.back())};
  }
  return best;
}

double average_precision_of_scores(std::span<const double> scores,
                                   const std::vector<bool>& is_positive) {
  const std::vector<Cut> cuts = cuts_of(scores, is_positive);
  double sum = 0;
  double before = 0;
  for (const Cut& cut : cuts) {
    sum += (cut.positive - before) * cut.positive / cut.taken;
    before = cut.positive;
  }
  return before == 0 ? 0 : sum / before;
}

std::vector<CurvePoint> precision_by_recall(std::span<const double> scores,
                                            const std::vector<bool>& is_positive,
                                            std::int64_t max_points) {
  const std::vector<Cut> cuts = cuts_of(scores, is_positive);
  std::vector<CurvePoint> points;
  if (cuts.empty() || cuts.back().positive == 0 || max_points < 1) return points;
  const auto most = static_cast<std::size_t>(max_points);
  const std::size_t step = (cuts.size() + most - 1) / most;
  for (std::size_t i = step - 1; i < cuts.size(); i += step)
    points.push_back({cuts[i].positive / cuts.back().positive, cuts[i].positive / cuts[i].taken});
  return points;
}

double ndcg_of_scores(std::span<const double> scores,
                      const std::vector<bool>& is_positive,
                      std::int64_t k) {
  // discounts[n]: the sum of the first n discounts, of which those beyond k are 0.
  std::vector<double> discounts{0};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool counts = static_cast<std::int64_t>(i) < k;
    discounts.push_back(discounts.back() +
                        (counts ? 1 / std::log2(static_cast<double>(i) + 2) : 0));
  }
  const auto up_to = [&](double items) { return discounts[static_cast<std::size_t>(items)]; };

  double gain = 0;
  Cut before;
  for (const Cut& cut : cuts_of(scores, is_positive)) {
    const double average = (cut.positive - before.positive) / (cut.taken - before.taken);
    gain += average * (up_to(cut.taken) - up_to(before.taken));
    before = cut;
  }
  return before.positive == 0 ? 0 : gain / up_to(before.positive);
}

double reciprocal_rank_of_scores(std::span<const double> scores,
                                 const std::vector<bool>& is_positive,
                                 std::int64_t k) {
  for (const Cut& cut : cuts_of(scores, is_positive)) {
    if (cut.positive == 0) continue;
    const double rank = cut.taken - cut.positive + 1;
    return rank <= static_cast<double>(k) ? 1 / rank : 0;
  }
  return 0;
}

}  // namespace sbert
