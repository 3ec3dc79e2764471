#include "sbert/loss/matryoshka.h"

#include <gmock/gmock.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

std::vector<std::string> names_of(const Loss& loss) {
  std::vector<std::string> names;
  for (const NamedTensor& parameter : loss.parameters())
    names.push_back(parameter.name);
  return names;
}

LossOptions softmax_options() {
  LossOptions options;
  options.name = LossKind::kSoftmax;
  return options;
}

TEST(Matryoshka, EachSizeHasParametersOfItsOwn) {
  LossOptions options = softmax_options();
  options.matryoshka_dims = {8, 4};
  const auto loss = make_loss(options, 8, 1);
  EXPECT_THAT(names_of(*loss), testing::ElementsAre("8.classifier.weight", "8.classifier.bias",
                                                    "4.classifier.weight", "4.classifier.bias"));
  const NamedTensors parameters = loss->parameters();
  EXPECT_EQ(parameters[0].tensor.sizes(), at::IntArrayRef({3, 24}));
  EXPECT_EQ(parameters[2].tensor.sizes(), at::IntArrayRef({3, 12}));
  EXPECT_FALSE(parameters[0].tensor.flatten().slice(0, 0, 12).equal(parameters[2].tensor[0]));

  at::manual_seed(3);
  LossBatch batch{at::randn({2, 8}), at::randn({2, 8}), at::randn({0, 8}), {}};
  batch.targets.negative_counts = {0, 0};
  batch.targets.labels = {0, 2};
  loss->compute(batch).backward();
  for (const NamedTensor& parameter : parameters)
    EXPECT_GT(parameter.tensor.grad().abs().sum().item<float>(), 0) << parameter.name;
}

TEST(Matryoshka, NumbersBeyondTheLargestSizeHaveNoGradient) {
  LossOptions options;
  options.matryoshka_dims = {3, 2};
  at::manual_seed(3);
  LossBatch batch{at::randn({2, 5}).requires_grad_(true), at::randn({2, 5}), at::randn({0, 5}), {}};
  batch.targets.negative_counts = {0, 0};
  make_loss(options, 5, 1)->compute(batch).backward();
  EXPECT_TRUE(batch.questions.grad().narrow(1, 3, 2).eq(0).all().item<bool>());
  EXPECT_FALSE(batch.questions.grad().narrow(1, 0, 3).eq(0).any().item<bool>());
}

TEST(Softmax, ClassifierStartsUniformAndFromItsSeed) {
  const Tensor weight = make_loss(softmax_options(), 300, 5)->parameters()[0].tensor.detach();
  EXPECT_TRUE(weight.equal(make_loss(softmax_options(), 300, 5)->parameters()[0].tensor));
  EXPECT_FALSE(weight.equal(make_loss(softmax_options(), 300, 6)->parameters()[0].tensor));
  // Uniform in ±1/30: of 2,700 numbers the mean is within 5 standard errors of 0, the spread
  // within 5 percent of limit / sqrt(3).
  EXPECT_LE(weight.abs().max().item<float>(), 1.0F / 30);
  EXPECT_GT(weight.abs().max().item<float>(), 0.99F / 30);
  EXPECT_NEAR(weight.mean().item<double>(), 0, 5 * 0.01925 / 51.96);
  EXPECT_NEAR(weight.std().item<double>(), 0.01925, 0.05 * 0.01925);
}

TEST(Contrastive, ALearnedTemperatureStartsFromTheOneGiven) {
  LossOptions options;
  options.temperature = 0.1;
  options.learn_temperature = true;
  const auto loss = make_loss(options, 4, 1);
  EXPECT_THAT(names_of(*loss), testing::ElementsAre("log_scale"));
  EXPECT_NEAR(loss->parameters()[0].tensor.item<double>(), 2.302585, 1e-6);
  options.learn_temperature = false;
  EXPECT_TRUE(make_loss(options, 4, 1)->parameters().empty());
}

}  // namespace
}  // namespace sbert
