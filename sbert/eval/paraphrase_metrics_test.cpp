#include "sbert/eval/paraphrase_metrics.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

TEST(ParaphraseMetrics, PairsOfTheSameScoreAreTakenTogether) {
  const std::vector<ScoredRows> mined{{0, 1, 0.9F}, {0, 2, 0.5F}, {1, 2, 0.5F}, {2, 3, 0.1F}};
  const ParaphraseMetrics metrics = paraphrase_metrics(mined, {true, false, true, false}, 2);
  EXPECT_DOUBLE_EQ(metrics.average_precision, (1.0 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(metrics.f1, 0.8);
  EXPECT_DOUBLE_EQ(metrics.recall, 1);
  EXPECT_NEAR(metrics.threshold, 0.3, 1e-7);
}

}  // namespace
}  // namespace sbert
