#include "sbert/model/pooling.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

using Values = std::vector<float>;

constexpr Pooling kAll[] = {Pooling::kMean,        Pooling::kCls,          Pooling::kMax,
                            Pooling::kMeanSqrtLen, Pooling::kWeightedMean, Pooling::kLastToken};

PackedBatch batch_of(const std::vector<int>& lengths) {
  PackedBatch batch;
  for (const int length : lengths)
    batch.append(std::vector<std::int32_t>(static_cast<std::size_t>(length), 1));
  return batch;
}

Values pooled(Pooling pooling, const Values& tokens, std::int64_t width, const PackedBatch& batch) {
  Values to(static_cast<std::size_t>(batch.num_sequences() * width), 99);
  pool(pooling, tokens.data(), width, batch, to.data());
  return to;
}

// Two texts: of three tokens, and of one.
const Values kTokens{1, -2,  //
                     4, 8,   //
                     7, -3,  //
                     5, -6};

Values pooled(Pooling pooling) {
  return pooled(pooling, kTokens, 2, batch_of({3, 1}));
}

TEST(Pool, MeanIsTheSumByTheNumberOfTokens) {
  EXPECT_EQ(pooled(Pooling::kMean), (Values{4, 1, 5, -6}));
}

TEST(Pool, ClsIsTheFirstToken) {
  EXPECT_EQ(pooled(Pooling::kCls), (Values{1, -2, 5, -6}));
}

TEST(Pool, MaxIsTheLargestValueOfEachDimension) {
  EXPECT_EQ(pooled(Pooling::kMax), (Values{7, 8, 5, -6}));
}

TEST(Pool, MeanSqrtLenIsTheSumByTheRootOfTheNumberOfTokens) {
  const float root = std::sqrt(3.0F);
  EXPECT_EQ(pooled(Pooling::kMeanSqrtLen), (Values{12 / root, 3 / root, 5, -6}));
}

TEST(Pool, WeightedMeanCountsLaterTokensMore) {
  EXPECT_EQ(pooled(Pooling::kWeightedMean),
            (Values{(1 + 2 * 4 + 3 * 7) / 6.0F, (-2 + 2 * 8 + 3 * -3) / 6.0F, 5, -6}));
}

TEST(Pool, LastTokenIsTheLastToken) {
  EXPECT_EQ(pooled(Pooling::kLastToken), (Values{7, -3, 5, -6}));
}

TEST(Pool, ANaNIsSeenInTheTextAndDimensionThatHasIt) {
  for (const std::size_t row : {0, 1, 2}) {
    Values tokens = kTokens;
    tokens[2 * row] = std::numeric_limits<float>::quiet_NaN();
    for (const Pooling pooling : {Pooling::kMax, Pooling::kMean, Pooling::kWeightedMean}) {
      const Values result = pooled(pooling, tokens, 2, batch_of({3, 1}));
      EXPECT_TRUE(std::isnan(result[0])) << pooling_name(pooling) << ", token " << row;
      EXPECT_EQ(Values(result.begin() + 1, result.end()), [&] {
        const Values all = pooled(pooling);
        return Values(all.begin() + 1, all.end());
      }());
    }
  }
}

TEST(Pool, AVectorDoesNotDependOnTheBatch) {
  constexpr std::int64_t kWidth = 37;
  const std::vector<int> lengths{5, 1, 130, 17};
  const PackedBatch batch = batch_of(lengths);
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Values tokens(static_cast<std::size_t>(batch.num_tokens() * kWidth));
  for (float& each : tokens)
    each = normal(random);
  for (const Pooling pooling : kAll) {
    const Values together = pooled(pooling, tokens, kWidth, batch);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const Values own(tokens.begin() + batch.cu_seqlens[i] * kWidth,
                       tokens.begin() + batch.cu_seqlens[i + 1] * kWidth);
      const auto row = together.begin() + static_cast<std::int64_t>(i) * kWidth;
      EXPECT_EQ(pooled(pooling, own, kWidth, batch_of({lengths[i]})), Values(row, row + kWidth))
          << pooling_name(pooling) << ", text " << i;
    }
  }
}

TEST(Pool, NoTextsGiveNoVectors) {
  EXPECT_TRUE(pooled(Pooling::kMean, {}, 2, PackedBatch()).empty());
}

TEST(PoolingName, IsReadBack) {
  for (const Pooling pooling : kAll)
    EXPECT_EQ(pooling_from_name(pooling_name(pooling)), pooling);
  EXPECT_EQ(pooling_name(Pooling::kMeanSqrtLen), "mean_sqrt_len_tokens");
  EXPECT_EQ(pooling_from_name("attention"), std::nullopt);
}

}  // namespace
}  // namespace sbert
