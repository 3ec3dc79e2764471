#include "sbert/eval/paraphrase_metrics.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

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
