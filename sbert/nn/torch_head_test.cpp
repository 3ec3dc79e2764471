#include "sbert/nn/torch_head.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"
#include "sbert/nn/torch_pooling.h"
#include "sbert/nn/weight_tensors.h"

namespace sbert {
namespace {

using testing::HasSubstr;

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

const c10::Device kCpu(c10::kCPU);

// [1, 2] of the mean of the tokens: two outputs of the first layer, three of the second.
EmbeddingHead two_layers() {
  return {.pooling = Pooling::kMean,
          .dense = {{.weight = make_weight("0", {2, 2}, {1, 2, -1, 0.5}),
                     .bias = make_weight("0", {2}, {0.25, -3}),
                     .activation = Activation::kTanh},
                    {.weight = make_weight("1", {3, 2}, {1, 0, 0, 1, 2, -2}),
                     .bias = std::nullopt,
                     .activation = Activation::kIdentity}},
          .normalizes = false};
}

TEST(TorchHead, PoolsAndNormalizes) {
  const TorchHead head({.pooling = Pooling::kCls, .dense = {}, .normalizes = true}, kCpu);
  EXPECT_EQ(head.width(2), 2);
  EXPECT_TRUE(head.normalizes());
  const float first = std::sqrt(5.0F);
  const float second = std::sqrt(49.0F + 64.0F);
  EXPECT_TRUE(at::allclose(head(tokens(), pack(kSequences)),
                           expected({1 / first, -2 / first, 7 / second, -8 / second})));
}

TEST(TorchHead, AnEmbeddingOfZerosStaysZeros) {
  const TorchHead head({}, kCpu);
  EXPECT_TRUE(head(at::zeros({4, 2}), pack(kSequences)).equal(at::zeros({2, 2})));
}

TEST(TorchHead, DenseLayersFollowEachOtherWithTheirActivations) {
  const TorchHead head(two_layers(), kCpu);
  EXPECT_EQ(head.width(2), 3);
  const auto embedding = [](float x, float y) {  // of the mean
    const float a = std::tanh(x + 2 * y + 0.25F);
    const float b = std::tanh(-x + 0.5F * y - 3);
    return std::vector<float>{a, b, 2 * a - 2 * b};
  };
  std::vector<float> values = embedding(4, -4);
  for (const float value : embedding(7, -8))
    values.push_back(value);
  EXPECT_TRUE(at::allclose(head(tokens(), pack(kSequences)), at::tensor(values).view({2, 3})));
}

TEST(TorchHead, EachActivationIsItsFormula) {
  const auto value = [](Activation activation, float x) {
    const EmbeddingHead head{.pooling = Pooling::kCls,
                             .dense = {{.weight = make_weight("w", {1, 1}, {1}),
                                        .bias = std::nullopt,
                                        .activation = activation}},
                             .normalizes = false};
    const std::vector<std::vector<std::int32_t>> one_token{{1}};
    return TorchHead(head, kCpu)(at::full({1, 1}, x), pack(one_token)).item<double>();
  };
  for (const float x : {-1.5F, 0.0F, 0.7F}) {
    const double y = x;
    const double inner = std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y);
    EXPECT_NEAR(value(Activation::kIdentity, x), y, 1e-6);
    EXPECT_NEAR(value(Activation::kGelu, x), 0.5 * y * (1 + std::erf(y / std::sqrt(2))), 1e-6);
    EXPECT_NEAR(value(Activation::kGeluTanh, x), 0.5 * y * (1 + std::tanh(inner)), 1e-6);
    EXPECT_NEAR(value(Activation::kRelu, x), std::max(y, 0.0), 1e-6);
    EXPECT_NEAR(value(Activation::kSilu, x), y / (1 + std::exp(-y)), 1e-6);
    EXPECT_NEAR(value(Activation::kTanh, x), std::tanh(y), 1e-6);
  }
}

TEST(TorchHead, GradientsFlowThroughTheDenseLayersAndTheNorm) {
  EmbeddingHead head = two_layers();
  head.normalizes = true;
  const TorchHead run(head, kCpu);
  Tensor x = tokens().to(at::kDouble).requires_grad_(true);
  const Tensor weights = at::arange(1, 7, at::kDouble).view({2, 3});
  const auto value = [&](const Tensor& of) { return (run(of, pack(kSequences)) * weights).sum(); };
  value(x).backward();
  constexpr double kStep = 1e-6;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    Tensor up = x.detach().clone();
    Tensor down = x.detach().clone();
    up.view(-1)[i] += kStep;
    down.view(-1)[i] -= kStep;
    EXPECT_NEAR(x.grad().view(-1)[i].item<double>(),
                (value(up) - value(down)).item<double>() / (2 * kStep), 1e-8);
  }
}

TEST(TorchHead, DenseLayersOf16BitsAreRunInFloat32) {
  EmbeddingHead head = two_layers();
  for (DenseLayer& layer : head.dense)
    layer.weight = weight_of("w", tensor_of(layer.weight).to(at::kBFloat16));  // exact
  EXPECT_TRUE(TorchHead(head, kCpu)(tokens(), pack(kSequences))
                  .equal(TorchHead(two_layers(), kCpu)(tokens(), pack(kSequences))));
}

TEST(TorchHead, DenseLayersThatCannotBeRunAreNamed) {
  const auto message = [](const EmbeddingHead& head) {
    return message_of(ErrorKind::kInput,
                      [&] { TorchHead(head, kCpu)(tokens(), pack(kSequences)); });
  };
  EmbeddingHead head = two_layers();
  head.dense.erase(head.dense.begin());
  head.dense[0].weight = make_weight("w", {1, 3}, {1, 2, 3});
  EXPECT_THAT(message(head), HasSubstr("Dense layer 0: the weight must have 2 columns, one for "
                                       "each input: 3"));
  head = two_layers();
  head.dense[1].weight = make_weight("w", {1, 3}, {1, 2, 3});
  EXPECT_THAT(message(head), HasSubstr("Dense layer 1: the weight must have 2 columns"));
  head = two_layers();
  head.dense[0].bias = make_weight("b", {3}, {1, 2, 3});
  EXPECT_THAT(message(head), HasSubstr("a value for each of the 2 outputs: [3]"));
  head = two_layers();
  head.dense[0].weight = make_weight("w", {4}, {1, 2, 3, 4});
  EXPECT_THAT(message(head), HasSubstr("must be a matrix: [4]"));
  head = two_layers();
  head.dense[0].weight = weight_of("w", at::zeros({2, 2}, at::kInt));
  EXPECT_THAT(message(head), HasSubstr("must be of floating-point numbers: int32"));
}

}  // namespace
}  // namespace sbert
