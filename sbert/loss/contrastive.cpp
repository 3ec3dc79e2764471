#include "sbert/loss/contrastive.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/ATen.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

// Row i holds the places of question i's negatives, and -1 where it has fewer than the most.
Tensor negative_rows(const std::vector<std::int64_t>& counts) {  // [B, H]
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  std::vector<std::int64_t> rows;
  std::int64_t next = 0;
  for (const std::int64_t count : counts) {
    for (std::int64_t h = 0; h < most; ++h)
      rows.push_back(h < count ? next + h : -1);
    next += count;
  }
  return at::tensor(rows, at::kLong).view({static_cast<std::int64_t>(counts.size()), most});
}

Tensor hard_negative_scores(const Tensor& questions, const Tensor& negatives, const Tensor& rows) {
  const Tensor gathered = negatives.index_select(0, rows.clamp_min(0).flatten())
                              .view({rows.size(0), rows.size(1), -1});    // [B, H, D]
  const Tensor scores = gathered.bmm(questions.unsqueeze(2)).squeeze(2);  // [B, H]
  return scores.masked_fill(rows < 0, kMinusInfinity);
}

}  // namespace

Tensor contrastive_loss(const Tensor& questions,
                        const Tensor& positives,
                        const Tensor& negatives,
                        const std::vector<std::int64_t>& negative_counts,
                        const ContrastiveOptions& options) {
  const std::int64_t total =
      std::accumulate(negative_counts.begin(), negative_counts.end(), std::int64_t{0});
  if (questions.sizes() != positives.sizes() || questions.size(0) == 0 ||
      static_cast<std::int64_t>(negative_counts.size()) != questions.size(0) ||
      total != negatives.size(0)) {
    fail(ErrorKind::kInternal, "contrastive loss: shapes disagree");
  }
  Tensor scores = questions.mm(positives.t());  // [B, B]
  if (total > 0) {
    const Tensor rows = negative_rows(negative_counts);
    scores = at::cat({scores, hard_negative_scores(questions, negatives, rows)}, 1);
  }
  const Tensor log_shares = (scores / options.temperature).log_softmax(1);  // [B, B + H]
  const Tensor of_target = log_shares.diagonal();                           // [B]
  if (options.label_smoothing == 0) return -of_target.mean();

  const Tensor is_document = scores != kMinusInfinity;
  const Tensor of_all = log_shares.masked_fill(is_document.logical_not(), 0).sum(1) /
                        is_document.sum(1).to(scores.scalar_type());  // [B]
  const double smoothing = options.label_smoothing;
  return -((1 - smoothing) * of_target + smoothing * of_all).mean();
}

}  // namespace sbert
