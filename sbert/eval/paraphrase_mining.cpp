#include "sbert/eval/paraphrase_mining.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/matrix_product.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

// Rows whose neighbours are searched in one go.
constexpr std::int64_t kBlockRows = 4096;

bool is_better(const ScoredRows& a, const ScoredRows& b) {
  return a.score != b.score ? a.score > b.score
                            : std::tie(a.first, a.second) < std::tie(b.first, b.second);
}

// The best pairs so far. Holds some more than that, also twice, until cut() tidies up.
class BestPairs {
 public:
  explicit BestPairs(std::size_t max_pairs) : max_pairs_(max_pairs) {}

  void add(ScoredRows pair) {
    if (pair.score < threshold_) return;
    pairs_.push_back(pair);
    if (pairs_.size() >= 4 * max_pairs_) cut();
  }

  std::vector<ScoredRows> sorted() && {
    cut();
    std::sort(pairs_.begin(), pairs_.end(), is_better);
    return std::move(pairs_);
  }

 private:
  void cut() {
    // A pair is found from both sides, with sums that may differ in the last bit.
    const auto rows = [](const ScoredRows& pair) { return std::tie(pair.first, pair.second); };
    std::sort(pairs_.begin(), pairs_.end(), [&](const ScoredRows& a, const ScoredRows& b) {
      return rows(a) != rows(b) ? rows(a) < rows(b) : a.score > b.score;
    });
    pairs_.erase(
        std::unique(pairs_.begin(), pairs_.end(),
                    [&](const ScoredRows& a, const ScoredRows& b) { return rows(a) == rows(b); }),
        pairs_.end());
    if (pairs_.size() <= max_pairs_) return;
    const auto worst = pairs_.begin() + static_cast<std::ptrdiff_t>(max_pairs_ - 1);
    std::nth_element(pairs_.begin(), worst, pairs_.end(), is_better);
    threshold_ = worst->score;
    pairs_.resize(max_pairs_);
  }

  std::size_t max_pairs_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<ScoredRows> pairs_;
};

}  // namespace

std::vector<ScoredRows> mine_paraphrases(const FloatMatrix& embeddings,
                                         const ParaphraseOptions& options) {
  if (options.neighbours < 1 || options.max_pairs < 1) {
    fail(ErrorKind::kUsage, concat("neighbours and pairs must be at least 1: ", options.neighbours,
                                   ", ", options.max_pairs));
  }
  BestPairs best(static_cast<std::size_t>(options.max_pairs));
  for (std::int64_t begin = 0; begin < embeddings.rows; begin += kBlockRows) {
    std::vector<std::int64_t> rows(
        static_cast<std::size_t>(std::min(kBlockRows, embeddings.rows - begin)));
    std::iota(rows.begin(), rows.end(), begin);
    // One more than wanted, since a text is its own neighbour.
    const auto hits = exact_topk(take_rows(embeddings, rows), embeddings, options.neighbours + 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::int64_t taken = 0;
      for (const Hit& hit : hits[i]) {
        if (hit.row == rows[i] || taken == options.neighbours) continue;
        best.add({std::min(rows[i], hit.row), std::max(rows[i], hit.row), hit.score});
        ++taken;
      }
    }
  }
  return std::move(best).sorted();
}

ParaphraseMetrics paraphrase_metrics(const std::vector<ScoredRows>& mined,
                                     const std::vector<bool>& is_gold,
                                     std::int64_t gold_pairs) {
  if (mined.size() != is_gold.size() || gold_pairs < 1) {
    fail(ErrorKind::kInternal, concat(mined.size(), " pairs, ", is_gold.size(), " judgements, ",
                                      gold_pairs, " wanted pairs"));
  }
  ParaphraseMetrics metrics;
  double right = 0;
  double right_before = 0;
  for (std::size_t i = 0; i < mined.size(); ++i) {
    right += is_gold[i] ? 1 : 0;
    const bool is_last = i + 1 == mined.size();
    if (!is_last && mined[i + 1].score == mined[i].score) continue;
    if (right == right_before) continue;
    const double precision = right / static_cast<double>(i + 1);
    const double recall = right / static_cast<double>(gold_pairs);
    const double f1 = 2 * precision * recall / (precision + recall);
    metrics.average_precision +=
        precision * (right - right_before) / static_cast<double>(gold_pairs);
    right_before = right;
    if (f1 <= metrics.f1) continue;
    metrics.f1 = f1;
    metrics.precision = precision;
    metrics.recall = recall;
    metrics.threshold = (static_cast<double>(mined[i].score) +
                         static_cast<double>(mined[is_last ? i : i + 1].score)) /
                        2;
  }
  return metrics;
}

}  // namespace sbert
