#include "sbert/eval/threshold_metrics.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using Labels = std::vector<bool>;
using Scores = std::vector<double>;

TEST(BestAccuracy, ThresholdLiesBetweenTheScores) {
  const BestAccuracy best = best_accuracy(Scores{0.9, 0.7, 0.1}, Labels{true, true, false});
  EXPECT_EQ(best.accuracy, 1);
  EXPECT_DOUBLE_EQ(best.threshold, 0.4);
}

TEST(BestAccuracy, TakesNothingWhereThatIsBest) {
  const BestAccuracy best = best_accuracy(Scores{0.9, 0.7, 0.1}, Labels{false, false, true});
  EXPECT_DOUBLE_EQ(best.accuracy, 2.0 / 3);
  EXPECT_GT(best.threshold, 0.9);
}

TEST(BestF1, DoesNotPartEqualScores) {
  const BestF1 best = best_f1(Scores{0.5, 0.5, 0.1}, Labels{true, false, false});
  EXPECT_DOUBLE_EQ(best.precision, 0.5);
  EXPECT_DOUBLE_EQ(best.recall, 1);
  EXPECT_DOUBLE_EQ(best.f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(best.threshold, 0.3);
  EXPECT_DOUBLE_EQ(best.mcc, 0.5);
}

TEST(ThresholdMetrics, AreZeroWhereNothingIsPositive) {
  const Scores scores{0.5, 0.4};
  const Labels labels{false, false};
  EXPECT_EQ(best_f1(scores, labels).f1, 0);
  EXPECT_EQ(average_precision_of_scores(scores, labels), 0);
  EXPECT_EQ(ndcg_of_scores(scores, labels, 10), 0);
  EXPECT_EQ(reciprocal_rank_of_scores(scores, labels, 10), 0);
  EXPECT_THAT(precision_by_recall(scores, labels, 10), testing::IsEmpty());
  EXPECT_EQ(best_accuracy({}, {}).accuracy, 0);
}

TEST(NdcgOfScores, EqualScoresShareTheirGains) {
  // Ranks 1 and 2 hold one positive between them.
  EXPECT_DOUBLE_EQ(ndcg_of_scores(Scores{1, 1, 0}, Labels{true, false, false}, 10),
                   (1 + 1 / std::log2(3.0)) / 2);
}

TEST(ReciprocalRankOfScores, APositiveComesLastAmongEquals) {
  const Labels labels{true, false, false};
  EXPECT_DOUBLE_EQ(reciprocal_rank_of_scores(Scores{1, 1, 1}, labels, 3), 1.0 / 3);
  EXPECT_EQ(reciprocal_rank_of_scores(Scores{1, 1, 1}, labels, 2), 0);
  EXPECT_EQ(reciprocal_rank_of_scores(Scores{2, 1, 1}, labels, 1), 1);
}

TEST(PrecisionByRecall, EndsWithAllItems) {
  const auto points = precision_by_recall(Scores{4, 3, 2, 1}, Labels{true, false, true, false}, 10);
  ASSERT_EQ(points.size(), 4);
  EXPECT_EQ(points[0].x, 0.5);
  EXPECT_EQ(points[0].y, 1);
  EXPECT_EQ(points[3].x, 1);
  EXPECT_EQ(points[3].y, 0.5);
  EXPECT_EQ(precision_by_recall(Scores{4, 3, 2, 1}, Labels{true, false, true, false}, 2).size(), 2);
}

TEST(ThresholdMetrics, NeedALabelForEachScore) {
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { best_f1(Scores{1}, Labels{}); }),
            "lists of different lengths: 1, 0");
}

}  // namespace
}  // namespace sbert
