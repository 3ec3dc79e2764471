#include "sbert/nn/lora.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/error.h"
#include "sbert/nn/linear.h"
#include "sbert/nn/test_encoder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kAllTargets{"query",        "key",   "value", "attention_output",
                                           "intermediate", "output"};

TrainingRecipe adapting(const LoraOptions& options, std::uint64_t seed = 3) {
  TrainingRecipe recipe = with_dropout();
  recipe.lora = options;
  recipe.lora_seed = seed;
  return recipe;
}

// An encoder whose adapters have been trained.
TorchEncoder adapted_encoder(at::ScalarType type, const LoraOptions& options) {
  TorchEncoder encoder = random_encoder(type, adapting(options));
  at::manual_seed(4);
  for (const EncoderParameter& each : encoder.lora_parameters()) {
    each.tensor.set_data(each.tensor.to(type));
    each.tensor.normal_(0, 0.3);
  }
  return encoder;
}

// An encoder without adapters of the weights that one with adapters gives.
TorchEncoder merged_encoder(const TorchEncoder& adapted) {
  return {adapted.spec(), adapted.weights(), with_dropout(), adapted.device()};
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

Tensor embed(const TorchEncoder& encoder) {
  return encoder.forward(pack(kSequences), std::nullopt).detach();
}

// PEFT's lora.Linear: base(x) + lora_B(lora_A(x)) * (alpha / r), on a layer of its own for each of
// query, key and value.
TEST(Lora, EqualsPeftsFormulaInDouble) {
  at::manual_seed(1);
  const auto random = [](at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); };
  const double alpha = 12;
  const std::int64_t rank = 3;
  Linear qkv{random({18, 6}), random({18}), {}};
  const Tensor x = random({5, 6});
  std::vector<Tensor> expected;
  for (std::int64_t part = 0; part < 3; ++part) {
    const Tensor a = random({rank, 6});
    const Tensor b = random({6, rank});
    Tensor y = x.mm(qkv.weight.slice(0, 6 * part, 6 * part + 6).t()) +
               qkv.bias.slice(0, 6 * part, 6 * part + 6);
    if (part != 1) {  // the key is not adapted
      y = y + x.mm(a.t()).mm(b.t()) * (alpha / static_cast<double>(rank));
      qkv.adapters.push_back({.module = "part",
                              .role = ParameterRole::kQuery,
                              .first_row = 6 * part,
                              .a = a,
                              .b = b,
                              .scale = alpha / static_cast<double>(rank),
                              .dropout = 0});
    }
    expected.push_back(y);
  }
  DropoutSites no_dropout(std::nullopt, {});
  const Tensor actual = qkv(x, ComputePrecision::kFloat32, no_dropout);
  EXPECT_LT(largest_difference(actual, at::cat(expected, 1)), 1e-12);
  const Tensor before = qkv.weight.clone();
  const Linear merged{merged_weight(qkv), qkv.bias, {}};
  EXPECT_LT(largest_difference(merged(x, ComputePrecision::kFloat32, no_dropout), actual), 1e-12);
  EXPECT_TRUE(qkv.weight.equal(before));
}

TEST(Lora, DropoutActsOnTheAdaptersInputAlone) {
  const LoraAdapter adapter{.module = "part",
                            .role = ParameterRole::kUp,
                            .first_row = 0,
                            .a = at::ones({1, 4}),
                            .b = at::ones({2, 1}),
                            .scale = 1,
                            .dropout = 0.5};
  const Linear linear{at::zeros({2, 4}), at::full({2}, 100.0F), {adapter}};
  DropoutSites sites(DropoutKey{9}, at::tensor(std::vector<int>{0, 200}, at::kInt));
  const Tensor y = linear(at::ones({200, 4}), ComputePrecision::kFloat32, sites) - 100;
  // Four ones, each dropped or doubled: 0, 2, 4, 6 or 8, and 4 on average.
  EXPECT_TRUE(y.remainder(2).abs().max().item<float>() < 1e-4F);
  EXPECT_NEAR(y.mean().item<double>(), 4, 0.5);
  EXPECT_GT(y.std().item<double>(), 1);
}

TEST(Lora, NewAdaptersChangeNothing) {
  const Tensor before = embed(random_encoder(at::kFloat));
  const TorchEncoder encoder = random_encoder(at::kFloat, adapting({.targets = kAllTargets}));
  EXPECT_TRUE(embed(encoder).equal(before));
}

TEST(Lora, NewAdaptersAreDrawnAsPeftsAndByTheSeed) {
  const auto parameters = [](std::uint64_t seed) {
    return random_encoder(at::kFloat, adapting({.rank = 50, .targets = {"output"}}, seed))
        .lora_parameters();
  };
  const EncoderParameters drawn = parameters(1);
  EXPECT_EQ(drawn[0].name, "encoder.layer.0.output.dense.lora_A.weight");
  EXPECT_EQ(drawn[1].name, "encoder.layer.0.output.dense.lora_B.weight");
  const Tensor& a = drawn[0].tensor;  // [50, 40]
  const double bound = 1 / std::sqrt(40.0);
  EXPECT_LE(a.abs().max().item<double>(), bound);
  EXPECT_NEAR(a.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
  EXPECT_EQ(drawn[1].tensor.abs().max().item<float>(), 0);
  EXPECT_TRUE(a.equal(parameters(1)[0].tensor));
  EXPECT_FALSE(a.equal(parameters(2)[0].tensor));
  EXPECT_FALSE(a.equal(drawn[2].tensor));  // another layer's
}

TEST(Lora, EachTargetHasAnAdapterOfItsShapeRoleAndLayer) {
  using enum ParameterRole;
  struct Expected {
    ParameterRole role;
    std::int64_t out;
    std::int64_t in;
  };
  const std::map<std::string, Expected> modules{
      {"attention.self.query", {kQuery, 24, 24}},
      {"attention.self.key", {kKey, 24, 24}},
      {"attention.self.value", {kValue, 24, 24}},
      {"attention.output.dense", {kAttentionOutput, 24, 24}},
      {"intermediate.dense", {kUp, 40, 24}},
      {"output.dense", {kDown, 24, 40}}};
  std::map<std::string, EncoderParameter> found;
  const TorchEncoder encoder =
      random_encoder(at::kFloat, adapting({.rank = 2, .targets = kAllTargets}));
  for (const EncoderParameter& each : encoder.lora_parameters()) {
    EXPECT_FALSE(each.is_bias);
    found[each.name] = each;
  }
  EXPECT_EQ(found.size(), 3 * 2 * modules.size());
  for (const auto& [module, expected] : modules) {
    const std::string name = "encoder.layer.2." + module;
    ASSERT_TRUE(found.contains(name + ".lora_A.weight")) << name;
    EXPECT_EQ(found[name + ".lora_A.weight"].tensor.sizes(), at::IntArrayRef({2, expected.in}));
    EXPECT_EQ(found[name + ".lora_B.weight"].tensor.sizes(), at::IntArrayRef({expected.out, 2}));
    EXPECT_EQ(found[name + ".lora_A.weight"].role, expected.role);
    EXPECT_EQ(found[name + ".lora_B.weight"].layer, 2);
  }
}

TEST(Lora, EachTargetChangesItsWeightAndNoOther) {
  const std::map<std::string, std::string> weights{
      {"query", "attention.self.query.weight"},
      {"key", "attention.self.key.weight"},
      {"value", "attention.self.value.weight"},
      {"attention_output", "attention.output.dense.weight"},
      {"intermediate", "intermediate.dense.weight"},
      {"output", "output.dense.weight"}};
  const Weights before = random_encoder(at::kFloat).weights();
  for (const auto& [target, weight] : weights) {
    const Weights after = adapted_encoder(at::kFloat, {.targets = {target}}).weights();
    for (std::size_t i = 0; i < after.size(); ++i) {
      const std::string& name = after[i].name;  // encoder.layer.0.output.dense.weight
      const bool is_target = name.starts_with("encoder.layer.") && name.substr(16) == weight;
      EXPECT_EQ(after[i].bytes != before[i].bytes, is_target) << target << ", " << name;
    }
  }
}

TEST(Lora, MergedEqualsUnmerged) {
  const TorchEncoder encoder =
      adapted_encoder(at::kFloat, {.rank = 4, .alpha = 2, .targets = kAllTargets});
  const Tensor adapted = embed(encoder);
  EXPECT_GT(largest_difference(adapted, embed(random_encoder(at::kFloat))), 0.1);
  const TorchEncoder merged = merged_encoder(encoder);
  EXPECT_TRUE(merged.lora_parameters().empty());
  EXPECT_LT(largest_difference(embed(merged), adapted), 1e-5);  // float32 through three layers
}

TEST(Lora, MergedWeightsLeaveTheEncoder) {
  const TorchEncoder encoder = adapted_encoder(at::kFloat, {});
  const Tensor adapted = embed(encoder);
  encoder.weights();
  EXPECT_TRUE(embed(encoder).equal(adapted));
  EXPECT_FALSE(encoder.lora_parameters().empty());
}

TEST(Lora, OnlyAdaptersAreTrainedAndASharedCopySharesThem) {
  const TorchEncoder encoder = adapted_encoder(at::kFloat, {.targets = {"key", "intermediate"}});
  const TorchEncoder copy = encoder.shared();
  EXPECT_EQ(encoder.trainable_parameters().size(), encoder.lora_parameters().size());
  (copy.forward(pack(kSequences), DropoutKey{1}) * some_weights(at::kFloat)).sum().backward();
  for (const EncoderParameter& each : copy.parameters())
    EXPECT_FALSE(each.tensor.grad().defined()) << each.name;
  const EncoderParameters own = encoder.lora_parameters();
  const EncoderParameters shared = copy.lora_parameters();
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_GT(shared[i].tensor.grad().abs().max().item<float>(), 0) << shared[i].name;
    EXPECT_FALSE(own[i].tensor.grad().defined());
    EXPECT_EQ(shared[i].tensor.data_ptr(), own[i].tensor.data_ptr());
  }
}

TEST(Lora, GradientsOfAdaptersEqualThoseOfTheMergedWeight) {
  // With W' = W + s B A: dB = s dW' A^T and dA = s B^T dW'.
  const LoraOptions options{.rank = 2, .alpha = 6, .targets = {"value"}};
  const TorchEncoder copy = adapted_encoder(at::kDouble, options).shared();
  const EncoderParameters lora = copy.lora_parameters();
  const TorchEncoder merged = random_encoder(at::kDouble);
  constexpr std::size_t kQkv = 5;  // the first of the first layer
  constexpr std::size_t kTensorsOfLayer = 12;
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const at::NoGradGuard no_grad;
    const Tensor addition = 3 * lora[2 * layer + 1].tensor.mm(lora[2 * layer].tensor);
    merged.parameters()[kQkv + kTensorsOfLayer * layer].tensor.slice(0, 48, 72).add_(addition);
  }
  const TorchEncoder trained = merged.shared();
  for (const TorchEncoder* each : {&trained, &copy})
    (each->forward(pack(kSequences), std::nullopt) * some_weights(at::kDouble)).sum().backward();
  ASSERT_EQ(trained.parameters()[kQkv].name, "encoder.layer.0.attention.self.qkv.weight");
  const Tensor of_weight = trained.parameters()[kQkv].tensor.grad().slice(0, 48, 72);
  const at::NoGradGuard no_grad;
  EXPECT_LT(largest_difference(lora[0].tensor.grad(), 3 * lora[1].tensor.t().mm(of_weight)), 1e-9);
  EXPECT_LT(largest_difference(lora[1].tensor.grad(), 3 * of_weight.mm(lora[0].tensor.t())), 1e-9);
}

TEST(Lora, OptionsOutOfRangeAreRefused) {
  EXPECT_THROW(random_encoder(at::kFloat, adapting({.rank = 0})), Error);
}

TEST(LoraOptions, EachKeyOutOfRangeIsNamed) {
  const auto message = [](const LoraOptions& options) -> std::string {
    try {
      options.validate();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "");
  EXPECT_THAT(message({.rank = 0}), HasSubstr("lora.rank must be from 1 to 65536: 0"));
  EXPECT_THAT(message({.rank = 65'537}), HasSubstr("lora.rank"));
  EXPECT_THAT(message({.alpha = 0}), HasSubstr("lora.alpha must be positive: 0"));
  EXPECT_THAT(message({.alpha = std::numeric_limits<double>::infinity()}), HasSubstr("lora.alpha"));
  EXPECT_THAT(message({.dropout = 1}), HasSubstr("lora.dropout must be in [0, 1): 1"));
  EXPECT_THAT(message({.targets = {}}), HasSubstr("lora.targets must name at least one"));
  EXPECT_THAT(message({.targets = {"query", "pooler"}}), HasSubstr("lora.targets takes query"));
}

}  // namespace
}  // namespace sbert
