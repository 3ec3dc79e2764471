#include "sbert/search/paraphrase_mining.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
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
                                         const ParaphraseOptions& options,
                                         const ComputeContext& context) {
  if (options.neighbours < 1 || options.max_pairs < 1) {
    fail(ErrorKind::kUsage, concat("neighbours and pairs must be at least 1: ", options.neighbours,
                                   ", ", options.max_pairs));
  }
  BestPairs best(static_cast<std::size_t>(options.max_pairs));
  for (std::int64_t begin = 0; begin < embeddings.rows; begin += kBlockRows) {
    const MatrixView block =
        MatrixView(embeddings).part(begin, std::min(kBlockRows, embeddings.rows - begin));
    // One more than wanted, since a text is its own neighbour.
    PiecewiseTopk topk(block, std::min(options.neighbours, embeddings.rows) + 1, context);
    topk.add(embeddings, 0);
    std::int64_t row = begin;
    for (const std::vector<Hit>& hits : topk.take()) {
      std::int64_t taken = 0;
      for (const Hit& hit : hits) {
        if (hit.row == row || taken == options.neighbours) continue;
        best.add({std::min(row, hit.row), std::max(row, hit.row), hit.score});
        ++taken;
      }
      ++row;
    }
  }
  return std::move(best).sorted();
}

}  // namespace sbert
