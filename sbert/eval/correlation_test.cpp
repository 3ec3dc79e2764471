#include "sbert/eval/correlation.h"

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using Values = std::vector<double>;

TEST(AverageRanks, EqualValuesShareTheMeanOfTheirRanks) {
  EXPECT_THAT(average_ranks(Values{3, 1, 3, 2, 3}), testing::ElementsAre(4, 1, 4, 2, 4));
  EXPECT_THAT(average_ranks(Values{}), testing::IsEmpty());
}

TEST(PearsonCorrelation, IsOneForALineAndWhatTheFormulaGivesByHand) {
  EXPECT_DOUBLE_EQ(*pearson_correlation(Values{1, 2, 4}, Values{3, 5, 9}), 1);
  EXPECT_DOUBLE_EQ(*pearson_correlation(Values{1, 2, 3}, Values{1, 3, 2}), 0.5);
}

TEST(SpearmanCorrelation, OnlyTheOrderCounts) {
  EXPECT_DOUBLE_EQ(*spearman_correlation(Values{1, 2, 1000}, Values{-9, 0, 0.1}), 1);
  EXPECT_DOUBLE_EQ(*spearman_correlation(Values{1, 2, 1000}, Values{3, 2, 1}), -1);
}

TEST(Correlation, IsNotDefinedForAConstantList) {
  // The sum of ten times 0.1 is not 1, so that the mean is not the value.
  EXPECT_EQ(pearson_correlation(Values(10, 0.1), Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
            std::nullopt);
  EXPECT_EQ(spearman_correlation(Values{1, 2}, Values{5, 5}), std::nullopt);
  EXPECT_EQ(pearson_correlation(Values{1}, Values{1}), std::nullopt);
  EXPECT_EQ(pearson_correlation(Values{}, Values{}), std::nullopt);
}

TEST(Correlation, OfListsOfDifferentLengthsIsABug) {
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { pearson_correlation(Values{1, 2}, Values{1}); }),
            "lists of different lengths: 2, 1");
}

}  // namespace
}  // namespace sbert
