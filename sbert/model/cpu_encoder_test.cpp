#include "sbert/model/inference_encoder.h"

#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <gmock/gmock.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/error.h"
#include "sbert/nn/lora.h"
#include "sbert/model/test_encoder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double smallest_cosine(const Tensor& a, const Tensor& b) {
  return at::cosine_similarity(a.to(at::kDouble), b.to(at::kDouble), 1).min().item<double>();
}

TEST(InferenceEncoder, EqualsTheEncoderInDouble) {
  const InferenceEncoder encoder(random_encoder(at::kFloat), InferencePrecision::kFloat32);
  const PackedBatch batch = pack(kSequences);
  const at::NoGradGuard no_grad;
  const Tensor exact = random_encoder(at::kDouble).forward(batch, std::nullopt);
  EXPECT_LT(largest_difference(encoder.forward(batch), exact), 1e-5);
}

TEST(InferenceEncoder, EveryActivationIsTheEncoders) {
  for (const auto activation : {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    EncoderConfig config = small_config();
    config.activation = activation;
    BertEncoder original(config);
    at::manual_seed(3);
    for (const NamedTensor& parameter : original.parameters())
      parameter.tensor.normal_(0, 0.5);
    const at::NoGradGuard no_grad;
    const InferenceEncoder encoder(original, InferencePrecision::kFloat32);
    const PackedBatch batch = pack(kSequences);
    EXPECT_LT(largest_difference(encoder.forward(batch), original.forward(batch, std::nullopt)),
              1e-5);
  }
}

TEST(InferenceEncoder, Int8IsCloseToFloat32) {
  const BertEncoder original = random_encoder(at::kFloat);
  const InferenceEncoder exact(original, InferencePrecision::kFloat32);
  const InferenceEncoder int8(original, InferencePrecision::kInt8);
  const PackedBatch batch = pack(kSequences);
  EXPECT_FALSE(int8.forward(batch).equal(exact.forward(batch)));
  EXPECT_GT(smallest_cosine(int8.forward(batch), exact.forward(batch)), 0.998);
}

// The promise of the whole program: no text's vector depends on the texts beside it.
TEST(InferenceEncoder, ATokenHasTheSameBitsInAThousandRandomBatches) {
  std::mt19937 random(5);
  std::vector<std::vector<std::int32_t>> texts;
  for (int i = 0; i < 40; ++i) {
    std::vector<std::int32_t> text(1 + random() % 20);
    for (std::int32_t& id : text)
      id = static_cast<std::int32_t>(random() % 50);
    texts.push_back(text);
  }
  for (const auto precision : {InferencePrecision::kFloat32, InferencePrecision::kInt8}) {
    const InferenceEncoder encoder(random_encoder(at::kFloat), precision);
    std::vector<Tensor> alone;
    for (const auto& text : texts)
      alone.push_back(encoder.forward(pack({{text}})));
    for (int round = 0; round < 1'000; ++round) {
      PackedBatch batch;
      std::vector<std::size_t> members(1 + random() % 12);
      for (std::size_t& member : members) {
        member = random() % texts.size();
        batch.append(texts[member]);
      }
      const Tensor together = encoder.forward(batch);
      for (std::size_t i = 0; i < members.size(); ++i) {
        const Tensor rows = together.slice(0, batch.cu_seqlens[i], batch.cu_seqlens[i + 1]);
        ASSERT_TRUE(rows.equal(alone[members[i]])) << "round " << round << ", text " << i;
      }
    }
  }
}

TEST(InferenceEncoder, AdaptersAreInItsWeights) {
  BertEncoder adapted = random_encoder(at::kFloat);
  adapted.add_lora({.rank = 2, .targets = {"query", "output"}}, 1);
  for (const NamedTensor& each : adapted.lora_parameters())
    each.tensor.normal_(0, 0.3);
  const at::NoGradGuard no_grad;
  const PackedBatch batch = pack(kSequences);
  const InferenceEncoder encoder(adapted, InferencePrecision::kFloat32);
  EXPECT_LT(largest_difference(encoder.forward(batch), adapted.forward(batch, std::nullopt)), 1e-5);
  EXPECT_EQ(adapted.lora_parameters().size(), 12U) << "the encoder itself keeps its adapters";
}

TEST(InferenceEncoder, OnlyFloat32CanBeRun) {
  BertEncoder encoder = random_encoder(at::kFloat);
  EXPECT_TRUE(InferenceEncoder::can_run(encoder));
  EXPECT_FALSE(InferenceEncoder::can_run(random_encoder(at::kDouble)));
  encoder.set_compute_precision(ComputePrecision::kBFloat16);
  EXPECT_FALSE(InferenceEncoder::can_run(encoder));
  EXPECT_THROW(InferenceEncoder(encoder, InferencePrecision::kFloat32), Error);
}

TEST(InferenceEncoder, IdsAndPositionsOutOfRangeAreRefused) {
  const InferenceEncoder encoder(random_encoder(at::kFloat), InferencePrecision::kFloat32);
  const auto refusal = [&](const std::vector<std::int32_t>& text) -> std::string {
    try {
      encoder.forward(pack({{text}}));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal({50}), HasSubstr("50, 0"));
  EXPECT_THAT(refusal({-1}), HasSubstr("-1, 0"));
  EXPECT_THAT(refusal(std::vector<std::int32_t>(21, 1)), HasSubstr("1, 20"));
}

}  // namespace
}  // namespace sbert
