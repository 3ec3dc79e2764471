#include "sbert/nn/recompute.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/nn/lora.h"
#include "sbert/nn/test_encoder.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

TrainingRecipe recomputing(TrainingRecipe recipe) {
  recipe.recomputes = true;
  return recipe;
}

NamedTensors gradients(const TorchEncoder& encoder) {
  NamedTensors result = named_tensors(encoder.parameters());
  for (const EncoderParameter& each : encoder.lora_parameters())
    result.push_back({each.name, each.tensor});
  for (NamedTensor& each : result) {
    each.tensor = each.tensor.grad();
    if (each.tensor.defined()) each.tensor = each.tensor.to_dense();
  }
  return result;
}

const Tensor& weights() {
  static const Tensor drawn_once = some_weights(at::kFloat);
  return drawn_once;
}

// The gradients of a training pass of an encoder that has had none.
NamedTensors train(const TorchEncoder& encoder) {
  const TorchEncoder copy = encoder.shared();
  (copy.forward(pack(kSequences), DropoutKey{5}) * weights()).sum().backward();
  return gradients(copy);
}

// Of random weights, and of random adapters if the recipe has some.
NamedTensors train(const TrainingRecipe& recipe) {
  const TorchEncoder encoder = random_encoder(at::kFloat, recipe);
  for (const EncoderParameter& each : encoder.lora_parameters())
    each.tensor.normal_();
  return train(encoder);
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
  expect_equal(train(recomputing(with_dropout())), train(with_dropout()));
}

TEST(RecomputedEncoder, HasTheSameGradientsInLowPrecision) {
  TrainingRecipe recipe = with_dropout();
  recipe.precision = ComputePrecision::kBFloat16;
  expect_equal(train(recomputing(recipe)), train(recipe));
}

TEST(RecomputedEncoder, HasTheSameGradientsOfAdaptersWithDropout) {
  TrainingRecipe recipe = with_dropout();
  recipe.lora = LoraOptions{.rank = 2, .dropout = 0.5, .targets = {"query", "output"}};
  expect_equal(train(recomputing(recipe)), train(recipe));
}

TEST(RecomputedEncoder, HasTheSameGradientsWithoutBiases) {
  const EncoderSpec spec = without_biases(small_spec());
  expect_equal(train(random_encoder(at::kFloat, recomputing(with_dropout()), spec)),
               train(random_encoder(at::kFloat, with_dropout(), spec)));
}

TEST(RecomputedEncoder, WorksOnSeveralThreadsAtOnce) {
  const TorchEncoder encoder = random_encoder(at::kFloat, recomputing(with_dropout()));
  const WorkerPool pool(2);
  std::vector<NamedTensors> recomputed_gradients(4);
  for_each_worker_task(pool, recomputed_gradients.size(),
                       [&](std::size_t i) { recomputed_gradients[i] = train(encoder); });
  NamedTensors expected;
  for_each_worker_task(pool, 1, [&](std::size_t) { expected = train(with_dropout()); });
  for (const NamedTensors& each : recomputed_gradients)
    expect_equal(each, expected);
}

TEST(RecomputedEncoder, HasTheSameOutputAsWithout) {
  const auto output = [](const TrainingRecipe& recipe) {
    return random_encoder(at::kFloat, recipe)
        .shared()
        .forward(pack(kSequences), DropoutKey{5})
        .detach();
  };
  EXPECT_TRUE(output(recomputing(with_dropout())).equal(output(with_dropout())));
}

}  // namespace
}  // namespace sbert
