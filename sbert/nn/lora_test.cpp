#include "sbert/nn/lora.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/nn/linear.h"
#include "sbert/model/test_encoder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kAllTargets{"query",        "key",   "value", "attention_output",
                                           "intermediate", "output"};

// An encoder whose adapters have been trained.
BertEncoder adapted_encoder(at::ScalarType type, const LoraOptions& options) {
  BertEncoder encoder = random_encoder(type);
  encoder.add_lora(options, 3);
  at::manual_seed(4);
  for (const NamedTensor& each : encoder.lora_parameters())
    each.tensor.normal_(0, 0.3);
  return encoder;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

Tensor embed(const BertEncoder& encoder) {
  return encoder.forward(pack(kSequences), std::nullopt).detach();
}

// PEFT's lora.Linear: base(x) + lora_B(lora_A(x)) * (alpha / r), on a layer of its own for each of
// query, key and value.
TEST(Lora, EqualsPeftsFormulaInDouble) {
  at::manual_seed(1);
  const auto random = [](at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); };
  const double alpha = 12;
  const std::int64_t rank = 3;
  Linear qkv(18, 6);
  qkv.weight = random({18, 6});
  qkv.bias = random({18});
  const Tensor x = random({5, 6});
  std::vector<Tensor> expected;
  for (std::int64_t part = 0; part < 3; ++part) {
    const Tensor a = random({rank, 6});
    const Tensor b = random({6, rank});
    Tensor y = x.mm(qkv.weight.slice(0, 6 * part, 6 * part + 6).t()) +
               qkv.bias.slice(0, 6 * part, 6 * part + 6);
    if (part != 1) {  // the key is not adapted
      y = y + x.mm(a.t()).mm(b.t()) * (alpha / static_cast<double>(rank));
      qkv.adapters.push_back({"part", 6 * part, a, b, alpha / static_cast<double>(rank), 0});
    }
    expected.push_back(y);
  }
  DropoutSites no_dropout(std::nullopt, {});
  const Tensor actual = qkv(x, ComputePrecision::kFloat32, no_dropout);
  EXPECT_LT(largest_difference(actual, at::cat(expected, 1)), 1e-12);
}

TEST(Lora, DropoutActsOnTheAdaptersInputAlone) {
  Linear linear(2, 4);
  const Tensor a = at::ones({1, 4});
  const Tensor b = at::ones({2, 1});
  linear.bias = at::full({2}, 100.0F);
  linear.adapters.push_back({"part", 0, a, b, 1.0, 0.5});
  DropoutSites sites(DropoutKey{9}, at::tensor(std::vector<int>{0, 200}, at::kInt));
  const Tensor y = linear(at::ones({200, 4}), ComputePrecision::kFloat32, sites) - 100;
  // Four ones, each dropped or doubled: 0, 2, 4, 6 or 8, and 4 on average.
  EXPECT_TRUE(y.remainder(2).abs().max().item<float>() < 1e-4F);
  EXPECT_NEAR(y.mean().item<double>(), 4, 0.5);
  EXPECT_GT(y.std().item<double>(), 1);
}

TEST(Lora, NewAdaptersChangeNothing) {
  BertEncoder encoder = random_encoder(at::kFloat);
  const Tensor before = embed(encoder);
  encoder.add_lora({.targets = kAllTargets}, 1);
  EXPECT_TRUE(embed(encoder).equal(before));
}

TEST(Lora, NewAdaptersAreDrawnAsPeftsAndByTheSeed) {
  const auto parameters = [](std::uint64_t seed) {
    BertEncoder encoder = random_encoder(at::kFloat);
    encoder.add_lora({.rank = 50, .targets = {"output"}}, seed);
    return encoder.lora_parameters();
  };
  const NamedTensors drawn = parameters(1);
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

TEST(Lora, EachTargetHasAnAdapterOfItsShape) {
  BertEncoder encoder = random_encoder(at::kFloat);
  encoder.add_lora({.rank = 2, .targets = kAllTargets}, 1);
  const std::map<std::string, std::pair<std::int64_t, std::int64_t>> sizes{
      {"attention.self.query", {24, 24}}, {"attention.self.key", {24, 24}},
      {"attention.self.value", {24, 24}}, {"attention.output.dense", {24, 24}},
      {"intermediate.dense", {40, 24}},   {"output.dense", {24, 40}}};
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& each : encoder.lora_parameters())
    tensors[each.name] = each.tensor;
  EXPECT_EQ(tensors.size(), 3 * 2 * sizes.size());
  for (const auto& [module, size] : sizes) {
    const std::string name = "encoder.layer.2." + module;
    ASSERT_TRUE(tensors.contains(name + ".lora_A.weight")) << name;
    EXPECT_EQ(tensors[name + ".lora_A.weight"].sizes(), at::IntArrayRef({2, size.second}));
    EXPECT_EQ(tensors[name + ".lora_B.weight"].sizes(), at::IntArrayRef({size.first, 2}));
  }
}

struct Rows {
  std::string parameter;
  std::int64_t first;
  std::int64_t count;
};

TEST(Lora, EachTargetChangesItsRowsAndNoOthers) {
  const std::map<std::string, Rows> rows{
      {"query", {"attention.self.qkv.weight", 0, 24}},
      {"key", {"attention.self.qkv.weight", 24, 24}},
      {"value", {"attention.self.qkv.weight", 48, 24}},
      {"attention_output", {"attention.output.dense.weight", 0, 24}},
      {"intermediate", {"intermediate.dense.weight", 0, 40}},
      {"output", {"output.dense.weight", 0, 24}}};
  const NamedTensors before = random_encoder(at::kDouble).parameters();
  for (const auto& [target, its] : rows) {
    BertEncoder encoder = adapted_encoder(at::kDouble, {.targets = {target}});
    encoder.merge_lora();
    const NamedTensors after = encoder.parameters();
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Tensor difference = (after[i].tensor - before[i].tensor).abs();
      Tensor expected = at::zeros(difference.sizes(), at::kBool);
      for (const char* layer : {"encoder.layer.0.", "encoder.layer.1.", "encoder.layer.2."}) {
        if (after[i].name != layer + its.parameter) continue;
        expected.slice(0, its.first, its.first + its.count).fill_(true);
      }
      EXPECT_TRUE((difference > 0).equal(expected)) << target << " in " << after[i].name;
    }
  }
}

TEST(Lora, MergedEqualsUnmerged) {
  for (const auto& [type, tolerance] :
       {std::pair{at::kDouble, 1e-12}, std::pair{at::kFloat, 1e-5}}) {
    BertEncoder encoder = adapted_encoder(type, {.rank = 4, .alpha = 2, .targets = kAllTargets});
    const Tensor adapted = embed(encoder);
    EXPECT_GT(largest_difference(adapted, embed(random_encoder(type))), 0.1);
    encoder.merge_lora();
    EXPECT_TRUE(encoder.lora_parameters().empty());
    EXPECT_LT(largest_difference(embed(encoder), adapted), tolerance);
  }
}

TEST(Lora, MergingASharedCopyLeavesTheOriginal) {
  const BertEncoder encoder = adapted_encoder(at::kFloat, {});
  const Tensor adapted = embed(encoder);
  BertEncoder merged = encoder.shared();
  merged.merge_lora();
  EXPECT_TRUE(embed(encoder).equal(adapted));
  EXPECT_FALSE(encoder.lora_parameters().empty());
}

TEST(Lora, OnlyAdaptersAreTrainedAndASharedCopySharesThem) {
  const BertEncoder encoder = adapted_encoder(at::kFloat, {.targets = {"key", "intermediate"}});
  const BertEncoder copy = encoder.shared();
  EXPECT_EQ(encoder.trainable_parameters().size(), encoder.lora_parameters().size());
  (copy.forward(pack(kSequences), DropoutKey{1}) * some_weights(at::kFloat)).sum().backward();
  for (const NamedTensor& each : copy.parameters())
    EXPECT_FALSE(each.tensor.grad().defined()) << each.name;
  const NamedTensors own = encoder.lora_parameters();
  const NamedTensors shared = copy.lora_parameters();
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_GT(shared[i].tensor.grad().abs().max().item<float>(), 0) << shared[i].name;
    EXPECT_FALSE(own[i].tensor.grad().defined());
    EXPECT_EQ(shared[i].tensor.data_ptr(), own[i].tensor.data_ptr());
  }
}

TEST(Lora, GradientsOfAdaptersEqualThoseOfTheMergedWeight) {
  // With W' = W + s B A: dB = s dW' A^T and dA = s B^T dW'.
  const LoraOptions options{.rank = 2, .alpha = 6, .targets = {"value"}};
  const BertEncoder adapted = adapted_encoder(at::kDouble, options);
  BertEncoder merged = adapted.shared();
  merged.merge_lora();
  const BertEncoder trained = merged.shared();
  const BertEncoder copy = adapted.shared();
  for (const BertEncoder* each : {&trained, &copy})
    (each->forward(pack(kSequences), std::nullopt) * some_weights(at::kDouble)).sum().backward();
  const NamedTensors lora = copy.lora_parameters();
  const Tensor of_weight = trained.parameters()[5].tensor.grad().slice(0, 48, 72);
  const at::NoGradGuard no_grad;
  EXPECT_LT(largest_difference(lora[0].tensor.grad(), 3 * lora[1].tensor.t().mm(of_weight)), 1e-9);
  EXPECT_LT(largest_difference(lora[1].tensor.grad(), 3 * of_weight.mm(lora[0].tensor.t())), 1e-9);
}

TEST(Lora, SecondAdaptersAreRefused) {
  BertEncoder encoder = adapted_encoder(at::kFloat, {});
  EXPECT_THROW(encoder.add_lora({}, 1), Error);
  encoder.merge_lora();
  EXPECT_NO_THROW(encoder.add_lora({}, 1));
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
