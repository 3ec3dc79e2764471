#include "sbert/model/pooling.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

// Two sequences, of three tokens and of one; two dimensions.
const std::vector<std::vector<std::int32_t>> kSequences{{5, 6, 7}, {8}};

Tensor tokens() {
  return at::tensor(std::vector<float>{1, -2, 3, -4, 8, -6, 7, -8}, at::kFloat).view({4, 2});
}

Tensor expected(std::vector<float> values) {
  return at::tensor(values, at::kFloat).view({2, 2});
}

void expect_pooled(Pooling pooling, const std::vector<float>& values) {
  const Tensor actual = pool(pooling, tokens(), pack(kSequences));
  EXPECT_TRUE(at::allclose(actual, expected(values))) << pooling_name(pooling) << "\n" << actual;
}

TEST(Pool, EachModeByHand) {
  const float root = std::sqrt(3.0F);
  expect_pooled(Pooling::kMean, {4, -4, 7, -8});
  expect_pooled(Pooling::kCls, {1, -2, 7, -8});
  expect_pooled(Pooling::kMax, {8, -2, 7, -8});
  expect_pooled(Pooling::kMeanSqrtLen, {12 / root, -12 / root, 7, -8});
  expect_pooled(Pooling::kWeightedMean, {(1 + 6 + 24) / 6.0F, (-2 - 8 - 18) / 6.0F, 7, -8});
  expect_pooled(Pooling::kLastToken, {8, -6, 7, -8});
}

TEST(Pool, GradientOfEachModeIsWhereItTakesFrom) {
  for (const Pooling pooling : {Pooling::kMean, Pooling::kCls, Pooling::kMax, Pooling::kMeanSqrtLen,
                                Pooling::kWeightedMean, Pooling::kLastToken}) {
    Tensor x = tokens().to(at::kDouble).requires_grad_(true);
    const Tensor weights = at::arange(1, 5, at::kDouble).view({2, 2});
    (pool(pooling, x, pack(kSequences)) * weights).sum().backward();
    constexpr double kStep = 1e-6;
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const auto value = [&](double delta) {
        Tensor moved = x.detach().clone();
        moved.view(-1)[i] += delta;
        return (pool(pooling, moved, pack(kSequences)) * weights).sum().item<double>();
      };
      EXPECT_NEAR(x.grad().view(-1)[i].item<double>(), (value(kStep) - value(-kStep)) / (2 * kStep),
                  1e-8)
          << pooling_name(pooling) << " element " << i;
    }
  }
}

TEST(Pool, NamesReadBack) {
  EXPECT_EQ(pooling_from_name(pooling_name(Pooling::kWeightedMean)), Pooling::kWeightedMean);
  EXPECT_EQ(pooling_from_name("median"), std::nullopt);
}

}  // namespace
}  // namespace sbert
