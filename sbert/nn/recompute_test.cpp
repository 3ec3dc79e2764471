#include "sbert/nn/recompute.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/nn/named_tensor.h"
#include "sbert/nn/lora.h"
#include "sbert/model/test_encoder.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

NamedTensors gradients(const BertEncoder& encoder) {
  NamedTensors result;
  NamedTensors named = encoder.parameters();
  for (const NamedTensor& each : encoder.lora_parameters())
    named.push_back(each);
  for (const NamedTensor& each : named)
    result.push_back({each.name, each.tensor.grad().to_dense()});
  return result;
}

const Tensor& weights() {
  static const Tensor drawn_once = some_weights(at::kFloat);
  return drawn_once;
}

// The gradients of a training pass, kept apart from any before.
NamedTensors train(const BertEncoder& encoder, bool recompute) {
  BertEncoder copy = encoder.shared();
  copy.set_recompute(recompute);
  (copy.forward(pack(kSequences), DropoutKey{5}) * weights()).sum().backward();
  return gradients(copy);
}

void expect_equal(const NamedTensors& actual, const NamedTensors& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Tensor& gradient = expected[i].tensor;
    ASSERT_EQ(actual[i].tensor.defined(), gradient.defined()) << expected[i].name;
    if (gradient.defined()) {
      EXPECT_TRUE(actual[i].tensor.equal(gradient)) << expected[i].name;
    }
  }
}

TEST(Recomputed, GivesTheGradientOfEachInputThatWantsOne) {
  const Tensor x = at::full({2}, 3.0).requires_grad_(true);
  const Tensor constant = at::full({2}, 4.0);
  const Tensor unused = at::full({2}, 5.0).requires_grad_(true);
  int times = 0;
  const auto work = [&](const std::vector<Tensor>& inputs) {
    ++times;
    return inputs[0] * inputs[0] * inputs[1];
  };
  const Tensor y = recomputed(work, {x, constant, unused});
  EXPECT_EQ(times, 1);
  y.sum().backward();
  EXPECT_EQ(times, 2);
  EXPECT_TRUE(y.detach().equal(at::full({2}, 36.0)));
  EXPECT_TRUE(x.grad().equal(at::full({2}, 24.0)));
  EXPECT_FALSE(constant.grad().defined());
}

TEST(Recomputed, KeepsNoGraphWhereNoneIsWanted) {
  const auto work = [](const std::vector<Tensor>& inputs) { return inputs[0] * 2; };
  EXPECT_FALSE(recomputed(work, {at::ones({1})}).requires_grad());
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(recomputed(work, {at::ones({1}).requires_grad_(true)}).requires_grad());
}

TEST(RecomputedEncoder, HasTheSameGradientsToTheBit) {
  const BertEncoder encoder = random_encoder(at::kFloat);
  expect_equal(train(encoder, true), train(encoder, false));
}

TEST(RecomputedEncoder, HasTheSameGradientsInLowPrecision) {
  BertEncoder encoder = random_encoder(at::kFloat);
  encoder.set_compute_precision(ComputePrecision::kBFloat16);
  expect_equal(train(encoder, true), train(encoder, false));
}

TEST(RecomputedEncoder, HasTheSameGradientsOfAdaptersWithDropout) {
  BertEncoder encoder = random_encoder(at::kFloat);
  encoder.add_lora({.rank = 2, .dropout = 0.5, .targets = {"query", "output"}}, 1);
  for (const NamedTensor& each : encoder.lora_parameters())
    each.tensor.normal_();
  expect_equal(train(encoder, true), train(encoder, false));
}

TEST(RecomputedEncoder, WorksOnSeveralThreadsAtOnce) {
  const BertEncoder encoder = random_encoder(at::kFloat);
  std::vector<NamedTensors> recomputed_gradients(4);
  for_each_worker_task(2, recomputed_gradients.size(),
                       [&](std::size_t i) { recomputed_gradients[i] = train(encoder, true); });
  NamedTensors expected;
  for_each_worker_task(1, 1, [&](std::size_t) { expected = train(encoder, false); });
  for (const NamedTensors& each : recomputed_gradients)
    expect_equal(each, expected);
}

TEST(RecomputedEncoder, HasTheSameOutputAsWithout) {
  BertEncoder encoder = random_encoder(at::kFloat).shared();
  const Tensor before = encoder.forward(pack(kSequences), DropoutKey{5});
  encoder.set_recompute(true);
  EXPECT_TRUE(encoder.forward(pack(kSequences), DropoutKey{5}).equal(before));
}

}  // namespace
}  // namespace sbert
