#include "sbert/model/cpu_head.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using Values = std::vector<float>;

Values random_values(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.5F);
  Values values(static_cast<std::size_t>(count));
  for (float& each : values)
    each = normal(random);
  return values;
}

PackedBatch batch_of(const std::vector<int>& lengths) {
  PackedBatch batch;
  for (const int length : lengths)
    batch.append(std::vector<std::int32_t>(static_cast<std::size_t>(length), 1));
  return batch;
}

Values applied(const CpuHead& head, const Values& hidden, const PackedBatch& batch) {
  Values to(static_cast<std::size_t>(batch.num_sequences() * head.width()));
  head.apply(hidden.data(), batch, to.data());
  return to;
}

DenseLayer dense(std::int64_t out, std::int64_t in, Activation activation) {
  return {.weight = make_weight("linear.weight", {out, in}, random_values(out * in, 7)),
          .bias = make_weight("linear.bias", {out}, random_values(out, 8)),
          .activation = activation};
}

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

std::vector<double> exact_dense(const DenseLayer& layer, const std::vector<double>& x) {
  std::vector<double> y;
  for (std::size_t j = 0; j < static_cast<std::size_t>(layer.weight.shape[0]); ++j) {
    double sum = layer.bias ? layer.bias->floats()[j] : 0.0F;
    for (std::size_t k = 0; k < x.size(); ++k)
      sum += static_cast<double>(layer.weight.floats()[j * x.size() + k]) * x[k];
    y.push_back(activated(layer.activation, sum));
  }
  return y;
}

TEST(CpuHead, PoolsAndNormalizes) {
  const CpuHead head({.pooling = Pooling::kMean, .dense = {}, .normalizes = true}, 2);
  EXPECT_EQ(head.width(), 2);
  EXPECT_TRUE(head.normalizes());
  const Values y = applied(head, {2, 4, 4, 4, 0, 0}, batch_of({2, 1}));
  EXPECT_FLOAT_EQ(y[0], 0.6F);
  EXPECT_FLOAT_EQ(y[1], 0.8F);
  EXPECT_EQ(y[2], 0) << "a vector of no length stays";
  EXPECT_EQ(y[3], 0);
}

TEST(CpuHead, NormalizesValuesWhoseSquaresAFloatCannotHold) {
  const CpuHead head({.pooling = Pooling::kMean, .dense = {}, .normalizes = true}, 2);
  const Values y = applied(head, {3e30F, -4e30F}, batch_of({1}));
  EXPECT_FLOAT_EQ(y[0], 0.6F);
  EXPECT_FLOAT_EQ(y[1], -0.8F);
}

TEST(CpuHead, WhatIsNotFiniteIsNotNormalizedAway) {
  const CpuHead head({.pooling = Pooling::kMean, .dense = {}, .normalizes = true}, 2);
  const Values y = applied(head, {1, INFINITY, NAN, 1}, batch_of({1, 1}));
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_TRUE(std::isnan(y[2]));
}

TEST(CpuHead, LeavesTheLengthWhereTheModelSaysSo) {
  const CpuHead head({.pooling = Pooling::kMax, .dense = {}, .normalizes = false}, 2);
  EXPECT_FALSE(head.normalizes());
  EXPECT_EQ(applied(head, {2, 5, 4, 3}, batch_of({2})), (Values{4, 5}));
}

TEST(CpuHead, DenseLayersAreThoseOfDouble) {
  constexpr std::int64_t kWidth = 24;
  for (const Activation last : {Activation::kIdentity, Activation::kGelu, Activation::kGeluTanh,
                                Activation::kRelu, Activation::kSilu, Activation::kTanh}) {
    const std::vector<DenseLayer> layers{dense(40, kWidth, Activation::kTanh), dense(9, 40, last)};
    const CpuHead head({.pooling = Pooling::kCls, .dense = layers, .normalizes = false}, kWidth);
    EXPECT_EQ(head.width(), 9);
    const Values hidden = random_values(3 * kWidth, 1);
    const Values y = applied(head, hidden, batch_of({1, 1, 1}));
    for (std::int64_t row = 0; row < 3; ++row) {
      const std::vector<double> x(hidden.begin() + row * kWidth,
                                  hidden.begin() + (row + 1) * kWidth);
      const std::vector<double> exact = exact_dense(layers[1], exact_dense(layers[0], x));
      for (std::size_t k = 0; k < 9; ++k)
        EXPECT_NEAR(y[static_cast<std::size_t>(row) * 9 + k], exact[k], 4e-6);  // sums of floats
    }
  }
}

TEST(CpuHead, ADenseLayerNeedsNoBias) {
  DenseLayer layer = dense(3, 2, Activation::kIdentity);
  layer.bias.reset();
  const CpuHead head({.pooling = Pooling::kCls, .dense = {layer}, .normalizes = false}, 2);
  const Values y = applied(head, {1, 0}, batch_of({1}));
  for (std::size_t j = 0; j < 3; ++j)
    EXPECT_FLOAT_EQ(y[j], layer.weight.floats()[2 * j]);
}

TEST(CpuHead, AVectorDoesNotDependOnTheBatch) {
  constexpr std::int64_t kWidth = 37;
  const CpuHead head(
      {.pooling = Pooling::kMean,
       .dense = {dense(50, kWidth, Activation::kTanh), dense(21, 50, Activation::kIdentity)},
       .normalizes = true},
      kWidth);
  const std::vector<int> lengths{4, 1, 30, 2, 9, 3, 3, 8, 1, 1, 1, 1, 12, 7};
  const PackedBatch batch = batch_of(lengths);
  const Values hidden = random_values(batch.num_tokens() * kWidth, 2);
  const Values together = applied(head, hidden, batch);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const Values own(hidden.begin() + batch.cu_seqlens[i] * kWidth,
                     hidden.begin() + batch.cu_seqlens[i + 1] * kWidth);
    const auto row = together.begin() + static_cast<std::int64_t>(i) * 21;
    EXPECT_EQ(applied(head, own, batch_of({lengths[i]})), Values(row, row + 21)) << i;
  }
}

TEST(CpuHead, DenseLayersThatDoNotFitAreRefused) {
  const auto refusal = [](const std::vector<DenseLayer>& layers) -> std::string {
    try {
      CpuHead({.pooling = Pooling::kMean, .dense = layers, .normalizes = true}, 4);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const DenseLayer good = dense(3, 4, Activation::kTanh);
  EXPECT_THAT(refusal({dense(3, 5, Activation::kTanh)}), HasSubstr("Dense layer 0: "));
  EXPECT_THAT(refusal({good, good}), HasSubstr("Dense layer 1: the weight must have 3 columns"));
  DenseLayer odd = good;
  odd.bias = make_weight("linear.bias", {2}, {1, 2});
  EXPECT_THAT(refusal({odd}), HasSubstr("[2]"));
  odd = good;
  odd.weight.type = ElementType::kInt32;
  EXPECT_THAT(refusal({odd}), HasSubstr("int32"));
}

}  // namespace
}  // namespace sbert
