#include "sbert/model/bert_encoder.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/model/test_encoder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

// Hugging Face's BertModel on a padded batch, in float64, written from its definition: padded
// positions get a score of -inf. Returns the hidden states of the real tokens, packed.
Tensor padded_reference(std::map<std::string, Tensor>& p) {
  const EncoderConfig c = small_config();
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
    return centred / (variance + c.layernorm_epsilon).sqrt() * p[name + ".weight"] +
           p[name + ".bias"];
  };
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return x.matmul(p[name + ".weight"].t()) + p[name + ".bias"];
  };
  Tensor x = p["embeddings.word_embeddings.weight"].index({ids}) +
             p["embeddings.position_embeddings.weight"].slice(0, 0, longest) +
             p["embeddings.token_type_embeddings.weight"][0];
  x = norm(x, "embeddings.LayerNorm");
  for (std::int64_t layer = 0; layer < c.num_layers; ++layer) {
    const std::string prefix = concat("encoder.layer.", layer);
    const std::int64_t width = c.hidden_size / c.num_attention_heads;
    const Tensor qkv = linear(x, prefix + ".attention.self.qkv")
                           .view({rows, longest, 3, c.num_attention_heads, width})
                           .permute({2, 0, 3, 1, 4});  // 3, B, A, S, D
    Tensor scores = qkv[0].matmul(qkv[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(width));
    scores = scores.masked_fill(mask.logical_not().view({rows, 1, 1, longest}), -INFINITY);
    const Tensor context =
        scores.softmax(-1).matmul(qkv[2]).transpose(1, 2).reshape({rows, longest, c.hidden_size});
    x = norm(x + linear(context, prefix + ".attention.output.dense"),
             prefix + ".attention.output.LayerNorm");
    const Tensor wide = linear(x, prefix + ".intermediate.dense");
    const Tensor activated = wide * 0.5 * (1 + (wide / std::sqrt(2.0)).erf());
    x = norm(x + linear(activated, prefix + ".output.dense"), prefix + ".output.LayerNorm");
  }
  return x.index({mask});
}

std::map<std::string, Tensor> copies(const BertEncoder& encoder) {
  std::map<std::string, Tensor> result;
  for (const NamedTensor& parameter : encoder.parameters()) {
    result[parameter.name] = parameter.tensor.detach().to(at::kDouble).clone().requires_grad_(true);
  }
  return result;
}

TEST(BertEncoder, EqualsPaddedReferenceInDouble) {
  const BertEncoder encoder = random_encoder(at::kDouble);
  auto reference_parameters = copies(encoder);
  const Tensor packed = encoder.forward(pack(kSequences), std::nullopt);
  const Tensor reference = padded_reference(reference_parameters);
  EXPECT_LT((packed - reference).abs().max().item<double>(), 1e-12);
}

TEST(BertEncoder, GradientsEqualThoseOfThePaddedReference) {
  const BertEncoder encoder = random_encoder(at::kDouble).shared();
  auto reference_parameters = copies(encoder);
  const Tensor weights = some_weights(at::kDouble);
  (encoder.forward(pack(kSequences), std::nullopt) * weights).sum().backward();
  (padded_reference(reference_parameters) * weights).sum().backward();
  for (const NamedTensor& parameter : encoder.parameters()) {
    const Tensor& expected = reference_parameters[parameter.name].grad();
    EXPECT_LT((parameter.tensor.grad().to_dense() - expected).abs().max().item<double>(), 1e-8)
        << parameter.name;
  }
}

TEST(BertEncoder, SingleIsCloseToDouble) {
  const BertEncoder single = random_encoder(at::kFloat);
  const BertEncoder exact = random_encoder(at::kDouble);
  const Tensor difference = single.forward(pack(kSequences), std::nullopt) -
                            exact.forward(pack(kSequences), std::nullopt);
  EXPECT_LT(difference.abs().max().item<double>(), 2e-5);
}

TEST(BertEncoder, TheSameDropoutKeyRepeatsThePass) {
  const BertEncoder encoder = random_encoder(at::kFloat);
  const PackedBatch batch = pack(kSequences);
  const Tensor first = encoder.forward(batch, DropoutKey{5});
  EXPECT_TRUE(first.equal(encoder.forward(batch, DropoutKey{5})));
  EXPECT_FALSE(first.equal(encoder.forward(batch, DropoutKey{6})));
  EXPECT_FALSE(first.equal(encoder.forward(batch, std::nullopt)));
}

TEST(BertEncoder, IdsAndPositionsOutOfRangeAreRefused) {
  const BertEncoder encoder(small_config());
  for (const std::vector<std::int32_t>& sequence :
       {std::vector<std::int32_t>{50}, std::vector<std::int32_t>{-1},
        std::vector<std::int32_t>(21, 1)}) {
    EXPECT_THROW(encoder.forward(pack({{sequence}}), std::nullopt), Error);
  }
  EXPECT_THROW(encoder.forward(PackedBatch{}, std::nullopt), Error);
}

TEST(EncoderConfig, ValuesOutOfRangeAreNamed) {
  const auto message = [](EncoderConfig config) -> std::string {
    try {
      config.validate();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(small_config()), "");
  EncoderConfig config = small_config();
  config.num_layers = 0;
  EXPECT_THAT(message(config), HasSubstr("num_layers must be from 1"));
  config = small_config();
  config.vocab_size = std::int64_t{1} << 62;
  EXPECT_THAT(message(config), HasSubstr("vocab_size"));
  config = small_config();
  config.num_attention_heads = 5;
  EXPECT_THAT(message(config), HasSubstr("multiple of num_attention_heads: 24 and 5"));
  config = small_config();
  config.layernorm_epsilon = std::nan("");
  EXPECT_THAT(message(config), HasSubstr("layernorm_epsilon"));
  config = small_config();
  config.hidden_dropout = 1;
  EXPECT_THAT(message(config), HasSubstr("hidden_dropout"));
}

}  // namespace
}  // namespace sbert
