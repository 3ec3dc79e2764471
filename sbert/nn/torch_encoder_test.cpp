#include "sbert/nn/torch_encoder.h"

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/nn/test_encoder.h"
#include "sbert/nn/weight_tensors.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Hugging Face's BertModel on a padded batch, in float64, written from its definition: padded
// positions get a score of -inf. Returns the hidden states of the real tokens, packed.
Tensor padded_reference(std::map<std::string, Tensor>& p, const EncoderSpec& spec = small_spec()) {
  const std::int64_t heads = spec.layers[0].attention.num_heads;
  const std::int64_t width = spec.layers[0].attention.head_dim;
  const auto rows = static_cast<std::int64_t>(kSequences.size());
  std::int64_t longest = 0;
  for (const auto& s : kSequences)
    longest = std::max(longest, static_cast<std::int64_t>(s.size()));
  Tensor ids = at::zeros({rows, longest}, at::kLong);
  Tensor mask = at::zeros({rows, longest}, at::kBool);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto& sequence = kSequences[static_cast<std::size_t>(i)];
    const auto length = static_cast<std::int64_t>(sequence.size());
    ids[i].slice(0, 0, length).copy_(at::tensor(sequence, at::kInt));
    mask[i].slice(0, 0, length).fill_(true);
  }
  const auto norm = [&](const Tensor& x, const std::string& name) {
    const Tensor centred = x - x.mean(-1, true);
    const Tensor variance = centred.pow(2).mean(-1, true);
    return centred / (variance + spec.norm.epsilon).sqrt() * p[name + ".weight"] +
           p[name + ".bias"];
  };
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return x.matmul(p[name + ".weight"].t()) + p[name + ".bias"];
  };
  Tensor x = p["embeddings.word_embeddings.weight"].index({ids}) +
             p["embeddings.position_embeddings.weight"].slice(0, 0, longest) +
             p["embeddings.token_type_embeddings.weight"][0];
  x = norm(x, "embeddings.LayerNorm");
  for (std::int64_t layer = 0; layer < std::ssize(spec.layers); ++layer) {
    const std::string prefix = concat("encoder.layer.", layer);
    const Tensor qkv = linear(x, prefix + ".attention.self.qkv")
                           .view({rows, longest, 3, heads, width})
                           .permute({2, 0, 3, 1, 4});  // 3, B, A, S, D
    Tensor scores = qkv[0].matmul(qkv[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(width));
    scores = scores.masked_fill(mask.logical_not().view({rows, 1, 1, longest}), -INFINITY);
    const Tensor context =
        scores.softmax(-1).matmul(qkv[2]).transpose(1, 2).reshape({rows, longest, heads * width});
    x = norm(x + linear(context, prefix + ".attention.output.dense"),
             prefix + ".attention.output.LayerNorm");
    const Tensor wide = linear(x, prefix + ".intermediate.dense");
    const Tensor activated = wide * 0.5 * (1 + (wide / std::sqrt(2.0)).erf());
    x = norm(x + linear(activated, prefix + ".output.dense"), prefix + ".output.LayerNorm");
  }
  return x.index({mask});
}

std::map<std::string, Tensor> copies(const TorchEncoder& encoder) {
  std::map<std::string, Tensor> result;
  for (const EncoderParameter& parameter : encoder.parameters()) {
    result[parameter.name] = parameter.tensor.detach().to(at::kDouble).clone().requires_grad_(true);
  }
  return result;
}

TorchEncoder encoder_of(const EncoderSpec& spec, const Weights& weights) {
  return {spec, weights, {}, c10::Device(c10::kCPU)};
}

TEST(TorchEncoder, EqualsPaddedReferenceInDouble) {
  const TorchEncoder encoder = random_encoder(at::kDouble);
  auto reference_parameters = copies(encoder);
  const Tensor packed = encoder.forward(pack(kSequences), std::nullopt);
  const Tensor reference = padded_reference(reference_parameters);
  EXPECT_LT((packed - reference).abs().max().item<double>(), 1e-12);
}

TEST(TorchEncoder, GradientsEqualThoseOfThePaddedReference) {
  const TorchEncoder encoder = random_encoder(at::kDouble).shared();
  auto reference_parameters = copies(encoder);
  const Tensor weights = some_weights(at::kDouble);
  (encoder.forward(pack(kSequences), std::nullopt) * weights).sum().backward();
  (padded_reference(reference_parameters) * weights).sum().backward();
  for (const EncoderParameter& parameter : encoder.parameters()) {
    const Tensor& expected = reference_parameters[parameter.name].grad();
    EXPECT_LT((parameter.tensor.grad().to_dense() - expected).abs().max().item<double>(), 1e-8)
        << parameter.name;
  }
}

TEST(TorchEncoder, SingleIsCloseToDouble) {
  const TorchEncoder single = random_encoder(at::kFloat);
  const TorchEncoder exact = random_encoder(at::kDouble);
  const Tensor difference = single.forward(pack(kSequences), std::nullopt) -
                            exact.forward(pack(kSequences), std::nullopt);
  EXPECT_LT(difference.abs().max().item<double>(), 2e-5);
}

TEST(TorchEncoder, HeadsNeedNotHaveTheEncodersWidthTogether) {
  EncoderSpec spec = small_spec();
  for (LayerSpec& layer : spec.layers) {
    layer.attention.head_dim = 4;  // three heads: 12 of 24
    layer.attention.scale = 0.5;
  }
  const TorchEncoder encoder = random_encoder(at::kDouble, {}, spec);
  auto reference_parameters = copies(encoder);
  const Tensor difference = encoder.forward(pack(kSequences), std::nullopt) -
                            padded_reference(reference_parameters, spec);
  EXPECT_LT(difference.abs().max().item<double>(), 1e-12);
}

// What a parameter adds is nothing where it is zero.
TEST(TorchEncoder, MissingBiasesAndTablesAreZeros) {
  EncoderSpec spec = without_biases(small_spec());
  spec.embeddings.num_types = 0;
  spec.embeddings.num_positions = 0;
  const TorchEncoder encoder = random_encoder(at::kDouble, {}, spec);
  const TorchEncoder whole = random_encoder(at::kDouble, {});
  const auto own = copies(encoder);
  for (const EncoderParameter& each : whole.parameters()) {
    const auto found = own.find(each.name);
    each.tensor.copy_(found == own.end() ? at::zeros_like(each.tensor) : found->second.detach());
  }
  const Tensor difference = encoder.forward(pack(kSequences), std::nullopt) -
                            whole.forward(pack(kSequences), std::nullopt);
  EXPECT_LT(difference.abs().max().item<double>(), 1e-12);
}

TEST(TorchEncoder, EachLayerIsItsOwnSpecs) {
  EncoderSpec spec = small_spec();
  spec.layers[1].feed_forward = {.width = 8, .activation = Activation::kRelu};
  const TorchEncoder encoder = random_encoder(at::kFloat, {}, spec);
  const EncoderParameters parameters = encoder.parameters();
  const auto shape_of = [&](const std::string& name) {
    for (const EncoderParameter& each : parameters) {
      if (each.name == name) return each.tensor.sizes().vec();
    }
    return std::vector<std::int64_t>{};
  };
  EXPECT_THAT(shape_of("encoder.layer.1.intermediate.dense.weight"), ElementsAre(8, 24));
  EXPECT_THAT(shape_of("encoder.layer.2.intermediate.dense.weight"), ElementsAre(40, 24));
  spec.layers[1].feed_forward.activation = Activation::kGelu;
  const Tensor with_gelu =
      random_encoder(at::kFloat, {}, spec).forward(pack(kSequences), std::nullopt);
  EXPECT_FALSE(encoder.forward(pack(kSequences), std::nullopt).equal(with_gelu));
}

TEST(TorchEncoder, TheSameDropoutKeyRepeatsThePass) {
  const TorchEncoder encoder = random_encoder(at::kFloat);
  const PackedBatch batch = pack(kSequences);
  const Tensor first = encoder.forward(batch, DropoutKey{5});
  EXPECT_TRUE(first.equal(encoder.forward(batch, DropoutKey{5})));
  EXPECT_FALSE(first.equal(encoder.forward(batch, DropoutKey{6})));
  EXPECT_FALSE(first.equal(encoder.forward(batch, std::nullopt)));
}

TEST(TorchEncoder, IdsAndPositionsOutOfRangeAreRefused) {
  const TorchEncoder encoder = random_encoder(at::kFloat);
  for (const std::vector<std::int32_t>& sequence :
       {std::vector<std::int32_t>{50}, std::vector<std::int32_t>{-1},
        std::vector<std::int32_t>(21, 1)}) {
    EXPECT_THROW(encoder.forward(pack({{sequence}}), std::nullopt), Error);
  }
  EXPECT_THROW(encoder.forward(PackedBatch{}, std::nullopt), Error);
}

TEST(TorchEncoder, ParametersHaveTheNamesAndRolesOfTheirSpecs) {
  const TorchEncoder encoder = random_encoder(at::kFloat);
  std::vector<std::string> names;
  for (const EncoderParameter& each : encoder.parameters()) {
    if (!each.layer || *each.layer == 2) names.push_back(each.name);
    if (each.name == "encoder.layer.1.attention.self.qkv.bias") {
      EXPECT_EQ(each.role, ParameterRole::kQuery);
      EXPECT_EQ(each.layer, 1);
      EXPECT_TRUE(each.is_bias);
      EXPECT_THAT(each.tensor.sizes().vec(), ElementsAre(72));
    }
  }
  EXPECT_THAT(
      names,
      ElementsAre("embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
                  "embeddings.token_type_embeddings.weight", "embeddings.LayerNorm.weight",
                  "embeddings.LayerNorm.bias", "encoder.layer.2.attention.self.qkv.weight",
                  "encoder.layer.2.attention.self.qkv.bias",
                  "encoder.layer.2.attention.output.dense.weight",
                  "encoder.layer.2.attention.output.dense.bias",
                  "encoder.layer.2.attention.output.LayerNorm.weight",
                  "encoder.layer.2.attention.output.LayerNorm.bias",
                  "encoder.layer.2.intermediate.dense.weight",
                  "encoder.layer.2.intermediate.dense.bias", "encoder.layer.2.output.dense.weight",
                  "encoder.layer.2.output.dense.bias", "encoder.layer.2.output.LayerNorm.weight",
                  "encoder.layer.2.output.LayerNorm.bias"));
}

TEST(TorchEncoderWeights, ComeBackAsTheyWereGiven) {
  const EncoderSpec spec = small_spec({.vocab_size = 40'000});  // more than one piece
  const Weights given = random_weights(spec);
  const TorchEncoder encoder = encoder_of(spec, given);
  const Weights back = encoder.weights();
  ASSERT_EQ(back.size(), given.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].name, given[i].name);
    EXPECT_EQ(back[i].type, ElementType::kFloat32);
    EXPECT_EQ(back[i].shape, given[i].shape) << given[i].name;
    EXPECT_EQ(back[i].bytes, given[i].bytes) << given[i].name;
    EXPECT_NE(back[i].bytes.data(), given[i].bytes.data());
  }
  EXPECT_EQ(encoder.weights()[0].bytes.data(), back[0].bytes.data());  // views
}

TEST(TorchEncoderWeights, OfAnyFloatingPointTypeBecomeFloat32) {
  const EncoderSpec spec = small_spec();
  for (const auto type : {at::kDouble, at::kHalf, at::kBFloat16}) {
    Weights given = random_weights(spec);
    std::vector<Tensor> expected;
    for (Weight& each : given) {
      const Tensor values = tensor_of(each).to(type);
      each = weight_of(each.name, values);
      expected.push_back(values.to(at::kFloat));
    }
    const Weights back = encoder_of(spec, given).weights();
    for (std::size_t i = 0; i < back.size(); ++i)
      EXPECT_TRUE(tensor_of(back[i]).equal(expected[i])) << back[i].name;
  }
}

TEST(TorchEncoderWeights, OfAnotherNumberShapeOrTypeAreRefused) {
  const EncoderSpec spec = small_spec();
  const auto message = [&](const std::function<void(Weights&)>& change) {
    Weights weights = random_weights(spec);
    change(weights);
    return message_of(ErrorKind::kInternal, [&] { encoder_of(spec, weights); });
  };
  EXPECT_THAT(message([](Weights& w) { w.pop_back(); }), HasSubstr("needs as many weights: 52"));
  EXPECT_THAT(
      message([](Weights& w) { w[3].shape = {2, 12}; }),
      HasSubstr("embeddings.LayerNorm.weight must be floating-point numbers of shape [24]"));
  EXPECT_THAT(message([](Weights& w) { w[3] = weight_of("w", at::zeros({24}, at::kInt)); }),
              HasSubstr("w is int32"));
}

// A training step: what the encoder was made of is the caller's.
TEST(TorchEncoderWeights, TrainingLeavesThoseThatWereGiven) {
  const EncoderSpec spec = small_spec();
  const Weights given = random_weights(spec);
  const Weights copy = random_weights(spec);
  TrainingRecipe recipe = with_dropout();
  recipe.frozen_parts = "layers.0";
  const TorchEncoder encoder(spec, given, recipe, c10::Device(c10::kCPU));
  const TorchEncoder trained = encoder.shared();
  (trained.forward(pack(kSequences), DropoutKey{1}) * some_weights(at::kFloat)).sum().backward();
  for (const EncoderParameter& each : trained.trainable_parameters())
    each.tensor.detach().sub_(each.tensor.grad().to_dense(), 0.1);
  std::size_t changed = 0;
  const Weights after = encoder.weights();
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(given[i].bytes, copy[i].bytes) << given[i].name;
    changed += after[i].bytes != given[i].bytes ? 1 : 0;
  }
  // All but the frozen layer's and the biases of keys, which softmax does not see.
  EXPECT_GE(changed, given.size() - 16 - 2);
  EXPECT_LE(changed, given.size() - 16);
}

struct Unsupported {
  std::string field;
  std::function<void(EncoderSpec&)> change;
};

TEST(TorchEncoderLimits, EachFieldThatCannotBeRunIsNamed) {
  const std::vector<Unsupported> cases{
      {"norm.kind", [](EncoderSpec& s) { s.norm.kind = NormKind::kRmsNorm; }},
      {"norm.weight_offset", [](EncoderSpec& s) { s.norm.weight_offset = 1; }},
      {"order", [](EncoderSpec& s) { s.order = NormOrder::kPre; }},
      {"order", [](EncoderSpec& s) { s.order = NormOrder::kSandwich; }},
      {"position_bias.kind", [](EncoderSpec& s) { s.position_bias.kind = PositionBias::kBuckets; }},
      {"position_bias.kind", [](EncoderSpec& s) { s.position_bias.kind = PositionBias::kAlibi; }},
      {"has_final_norm", [](EncoderSpec& s) { s.has_final_norm = true; }},
      {"embeddings.width", [](EncoderSpec& s) { s.embeddings.width = 12; }},
      {"embeddings.padding_id", [](EncoderSpec& s) { s.embeddings.padding_id = 1; }},
      {"embeddings.scale", [](EncoderSpec& s) { s.embeddings.scale = 2; }},
      {"embeddings.has_norm", [](EncoderSpec& s) { s.embeddings.has_norm = false; }},
      {"layers.1.has_attention_norm",
       [](EncoderSpec& s) { s.layers[1].has_attention_norm = false; }},
      {"layers.1.attention.num_key_heads",
       [](EncoderSpec& s) { s.layers[1].attention.num_key_heads = 1; }},
      {"layers.1.attention.scale", [](EncoderSpec& s) { s.layers[1].attention.scale = 1; }},
      {"layers.1.attention.score_cap",
       [](EncoderSpec& s) { s.layers[1].attention.score_cap = 50; }},
      {"layers.1.attention.rope", [](EncoderSpec& s) { s.layers[1].attention.rope = RopeSpec{}; }},
      {"layers.1.attention.is_causal",
       [](EncoderSpec& s) { s.layers[1].attention.is_causal = true; }},
      {"layers.1.attention.window", [](EncoderSpec& s) { s.layers[1].attention.window = 64; }},
      {"layers.1.attention.query_key_norm",
       [](EncoderSpec& s) { s.layers[1].attention.query_key_norm = QueryKeyNorm::kHead; }},
      {"layers.1.feed_forward.is_gated",
       [](EncoderSpec& s) { s.layers[1].feed_forward.is_gated = true; }},
      {"layers.1.feed_forward.experts",
       [](EncoderSpec& s) { s.layers[1].feed_forward.experts = ExpertsSpec{}; }},
  };
  TorchEncoder::check_can_run(small_spec());
  TorchEncoder::check_can_run(without_biases(small_spec()));
  for (const auto& [field, change] : cases) {
    EncoderSpec spec = small_spec();
    change(spec);
    EXPECT_THAT(message_of(ErrorKind::kInput, [&] { TorchEncoder::check_can_run(spec); }),
                testing::StartsWith(field + ": the torch encoder does not run"));
    EXPECT_THROW(encoder_of(spec, {}), Error) << field;
  }
}

TEST(TorchEncoderLimits, DropoutRatesOutOfRangeAreNamed) {
  const EncoderSpec spec = small_spec();
  const Weights weights = random_weights(spec);
  const auto message = [&](const DropoutRates& dropout) {
    return message_of(ErrorKind::kUsage, [&] {
      TorchEncoder(spec, weights, {.dropout = dropout}, c10::Device(c10::kCPU));
    });
  };
  EXPECT_THAT(message({.hidden = 1, .attention = 0}),
              HasSubstr("dropout.hidden must be in [0, 1)"));
  EXPECT_THAT(message({.hidden = 0, .attention = -0.5}), HasSubstr("dropout.attention"));
}

}  // namespace
}  // namespace sbert
