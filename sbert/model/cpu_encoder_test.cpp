#include "sbert/model/cpu_encoder.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/model/parameter_specs.h"
#include "tests/support/reference_encoder.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using enum ParameterRole;
using Values = std::vector<float>;

constexpr CpuVariant kVariants[] = {CpuVariant::kGeneric, CpuVariant::kAvx2, CpuVariant::kAvx512,
                                    CpuVariant::kAvx512Vnni, CpuVariant::kAmx};

const std::vector<std::vector<std::int32_t>> kSequences{
    {2, 7, 3}, {2, 9, 10, 11, 12, 3}, {5}, {2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 3}};

Values forward(const CpuEncoder& encoder, const PackedBatch& batch) {
  Values x(static_cast<std::size_t>(batch.num_tokens() * encoder.spec().width));
  encoder.forward(batch, x.data());
  return x;
}

void expect_near(const Values& values, const std::vector<double>& exact, double tolerance) {
  ASSERT_EQ(values.size(), exact.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], exact[i], tolerance) << "value " << i;
}

double smallest_cosine(const Values& a, const Values& b, std::size_t width) {
  double smallest = 1;
  for (std::size_t first = 0; first < a.size(); first += width) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t i = first; i < first + width; ++i) {
      const double x = a[i];
      const double y = b[i];
      dot += x * y;
      aa += x * x;
      bb += y * y;
    }
    smallest = std::min(smallest, dot / std::sqrt(aa * bb));
  }
  return smallest;
}

Weight converted(const Weight& weight, ElementType type) {
  const auto bytes = std::make_shared<std::string>();
  for (std::int64_t i = 0; i < weight.num_elements(); ++i) {
    const float value = weight.floats()[i];
    const double wide = value;
    const std::uint16_t half =
        type == ElementType::kFloat16 ? to_float16_bits(value) : to_bfloat16_bits(value);
    if (type == ElementType::kFloat64) {
      bytes->append(reinterpret_cast<const char*>(&wide), sizeof wide);
    } else {
      bytes->append(reinterpret_cast<const char*>(&half), sizeof half);
    }
  }
  return {
      .name = weight.name, .type = type, .shape = weight.shape, .bytes = *bytes, .owner = bytes};
}

// On every set of kernels that this processor can run.
class CpuEncoderTest : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks it";
  }
  CpuEncoder encoder(const EncoderSpec& spec,
                     const Weights& weights,
                     CpuPrecision precision = CpuPrecision::kFloat32) const {
    return CpuEncoder(spec, weights, precision, pool_, GetParam());
  }
  CpuEncoder random_encoder(CpuPrecision precision) const {
    return encoder(small_spec(), random_weights(small_spec()), precision);
  }
  void expect_reference(const EncoderSpec& spec) const {
    const Weights weights = random_weights(spec);
    const PackedBatch batch = pack(kSequences);
    expect_near(forward(encoder(spec, weights), batch), ReferenceEncoder(spec, weights)(batch),
                1e-5);  // three layers in float32
  }
  WorkerPool pool_{2};
};

INSTANTIATE_TEST_SUITE_P(All, CpuEncoderTest, testing::ValuesIn(kVariants), [](const auto& each) {
  return cpu_variant_name(each.param);
});

TEST_P(CpuEncoderTest, EqualsTheNetworkInDouble) {
  expect_reference(small_spec());
}

TEST_P(CpuEncoderTest, EveryActivationIsTheOneInDouble) {
  for (const auto activation :
       {Activation::kIdentity, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    EncoderSpec spec = small_spec();
    spec.layers[0].feed_forward.activation = activation;
    expect_reference(spec);
  }
}

TEST_P(CpuEncoderTest, HeadsNeedNotFillTheWidth) {
  EncoderSpec spec = small_spec();
  spec.layers[1].attention.head_dim = 20;
  spec.layers[1].attention.scale = 1 / std::sqrt(20.0);
  spec.layers[2].attention.num_heads = 2;
  spec.layers[2].attention.num_key_heads = 2;
  spec.layers[2].feed_forward.width = 70;
  expect_reference(spec);
}

TEST_P(CpuEncoderTest, ScoresMayHaveAnotherScale) {
  EncoderSpec spec = small_spec();
  spec.layers[0].attention.scale = 0.1;
  expect_reference(spec);
}

TEST_P(CpuEncoderTest, HeadsOfQueriesMayShareThoseOfKeys) {
  EncoderSpec spec = small_spec();
  spec.layers[0].attention.num_key_heads = 1;
  spec.layers[1].attention.num_heads = 4;
  spec.layers[1].attention.num_key_heads = 2;
  expect_reference(spec);
}

TEST_P(CpuEncoderTest, AttentionMayBeCausalOrWithinAWindow) {
  EncoderSpec spec = small_spec();
  spec.layers[0].attention.is_causal = true;
  spec.layers[1].attention.window = 2;
  spec.layers[2].attention.is_causal = true;
  spec.layers[2].attention.window = 1;
  expect_reference(spec);
}

TEST_P(CpuEncoderTest, BiasesAndTablesMayBeMissing) {
  EncoderSpec spec = small_spec();
  spec.layers[0].attention.has_bias = false;
  spec.layers[0].attention.has_output_bias = false;
  spec.layers[1].feed_forward.has_bias = false;
  spec.layers[1].feed_forward.has_down_bias = false;
  spec.embeddings.num_types = 0;
  expect_reference(spec);
  spec.norm.has_bias = false;
  spec.embeddings.num_positions = 0;
  expect_reference(spec);
}

TEST_P(CpuEncoderTest, Int8IsCloseToFloat32) {
  const PackedBatch batch = pack(kSequences);
  const Values exact = forward(random_encoder(CpuPrecision::kFloat32), batch);
  const Values int8 = forward(random_encoder(CpuPrecision::kInt8), batch);
  EXPECT_NE(int8, exact);
  EXPECT_GT(smallest_cosine(int8, exact, 24), 0.998);
}

TEST_P(CpuEncoderTest, WeightsOfAnyTypeAreThoseWidenedToFloat32) {
  const EncoderSpec spec = small_spec();
  const PackedBatch batch = pack(kSequences);
  for (const ElementType type :
       {ElementType::kBFloat16, ElementType::kFloat16, ElementType::kFloat64}) {
    Weights narrow;
    Weights wide;
    for (const Weight& weight : random_weights(spec)) {
      narrow.push_back(converted(weight, type));
      wide.push_back(to_float32(narrow.back()));
    }
    for (const auto precision : {CpuPrecision::kFloat32, CpuPrecision::kInt8}) {
      EXPECT_EQ(forward(encoder(spec, narrow, precision), batch),
                forward(encoder(spec, wide, precision), batch))
          << element_type_name(type);
    }
  }
}

// The promise of the whole program: no text's vector depends on the texts beside it.
TEST_P(CpuEncoderTest, ATokenHasTheSameBitsInAThousandRandomBatches) {
  std::mt19937 random(5);
  std::vector<std::vector<std::int32_t>> texts;
  for (int i = 0; i < 40; ++i) {
    std::vector<std::int32_t> text(1 + random() % 20);
    for (std::int32_t& id : text)
      id = static_cast<std::int32_t>(random() % 50);
    texts.push_back(text);
  }
  for (const auto precision : {CpuPrecision::kFloat32, CpuPrecision::kInt8}) {
    const CpuEncoder encoder = random_encoder(precision);
    std::vector<Values> alone;
    for (const auto& text : texts)
      alone.push_back(forward(encoder, pack({{text}})));
    for (int round = 0; round < 1'000; ++round) {
      PackedBatch batch;
      std::vector<std::size_t> members(1 + random() % 12);
      for (std::size_t& member : members) {
        member = random() % texts.size();
        batch.append(texts[member]);
      }
      const Values together = forward(encoder, batch);
      for (std::size_t i = 0; i < members.size(); ++i) {
        const Values rows(together.begin() + batch.cu_seqlens[i] * 24,
                          together.begin() + batch.cu_seqlens[i + 1] * 24);
        ASSERT_EQ(rows, alone[members[i]]) << "round " << round << ", text " << i;
      }
    }
  }
}

TEST(CpuEncoder, TwoThreadsAtOnceGetTheSameBitsAsOne) {
  const WorkerPool pool(1);
  const EncoderSpec spec = small_spec();
  const CpuEncoder encoder(spec, random_weights(spec), CpuPrecision::kFloat32, pool);
  const std::vector<PackedBatch> batches{pack(kSequences), pack({{kSequences[1]}})};
  std::vector<Values> alone;
  for (const PackedBatch& batch : batches)
    alone.push_back(forward(encoder, batch));
  std::vector<int> wrong(2);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 200; ++round)
          wrong[i] += forward(encoder, batches[i]) == alone[i] ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(wrong, (std::vector<int>{0, 0}));
}

TEST(CpuEncoder, WeightsAreLetGoOnceTheyAreLaidOut) {
  const WorkerPool pool(2);
  const EncoderSpec spec = small_spec();
  Weights weights = random_weights(spec);
  std::vector<std::weak_ptr<const void>> owners;
  for (const Weight& weight : weights)
    owners.emplace_back(weight.owner);
  const CpuEncoder encoder(spec, std::move(weights), CpuPrecision::kFloat32, pool);
  const std::vector<ParameterSpec> specs = parameter_specs(spec);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool is_table = specs[i].role == kWordEmbedding || specs[i].role == kPositionEmbedding;
    EXPECT_EQ(owners[i].expired(), !is_table) << specs[i].name;
  }
}

TEST(CpuEncoder, WhatItCannotRunIsRefusedByField) {
  struct Case {
    std::string field;
    std::function<void(EncoderSpec&)> change;
  };
  const std::vector<Case> cases{
      {"norm.kind", [](EncoderSpec& s) { s.norm.kind = NormKind::kRmsNorm; }},
      {"norm.weight_offset", [](EncoderSpec& s) { s.norm.weight_offset = 1; }},
      {"order", [](EncoderSpec& s) { s.order = NormOrder::kPre; }},
      {"order", [](EncoderSpec& s) { s.order = NormOrder::kSandwich; }},
      {"position_bias.kind", [](EncoderSpec& s) { s.position_bias.kind = PositionBias::kBuckets; }},
      {"has_final_norm", [](EncoderSpec& s) { s.has_final_norm = true; }},
      {"embeddings.width", [](EncoderSpec& s) { s.embeddings.width = 12; }},
      {"embeddings.padding_id", [](EncoderSpec& s) { s.embeddings.padding_id = 1; }},
      {"embeddings.scale", [](EncoderSpec& s) { s.embeddings.scale = 2; }},
      {"embeddings.has_norm", [](EncoderSpec& s) { s.embeddings.has_norm = false; }},
      {"layers.2.has_attention_norm",
       [](EncoderSpec& s) { s.layers[2].has_attention_norm = false; }},
      {"layers.1.attention.score_cap",
       [](EncoderSpec& s) { s.layers[1].attention.score_cap = 50; }},
      {"layers.0.attention.rope", [](EncoderSpec& s) { s.layers[0].attention.rope.emplace(); }},
      {"layers.0.attention.query_key_norm",
       [](EncoderSpec& s) { s.layers[0].attention.query_key_norm = QueryKeyNorm::kHead; }},
      {"layers.2.feed_forward.activation",
       [](EncoderSpec& s) { s.layers[2].feed_forward.activation = Activation::kSilu; }},
      {"layers.2.feed_forward.is_gated",
       [](EncoderSpec& s) { s.layers[2].feed_forward.is_gated = true; }},
      {"layers.2.feed_forward.experts",
       [](EncoderSpec& s) { s.layers[2].feed_forward.experts.emplace(); }},
  };
  const auto refusal = [](const EncoderSpec& spec) -> std::string {
    try {
      CpuEncoder::check_can_run(spec);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal(small_spec()), "");
  for (const Case& each : cases) {
    EncoderSpec spec = small_spec();
    each.change(spec);
    EXPECT_THAT(refusal(spec), HasSubstr(each.field + ": the CPU encoder does not run "));
    const WorkerPool pool(1);
    EXPECT_THROW(CpuEncoder(spec, {}, CpuPrecision::kFloat32, pool), Error);
  }
}

TEST(CpuEncoder, WeightsThatAreNotItsParametersAreRefused) {
  const WorkerPool pool(1);
  const EncoderSpec spec = small_spec();
  const auto refusal = [&](const Weights& weights) -> std::string {
    try {
      CpuEncoder(spec, weights, CpuPrecision::kFloat32, pool);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  Weights weights = random_weights(spec);
  EXPECT_EQ(refusal(weights), "");
  std::swap(weights[0], weights[1]);
  EXPECT_THAT(refusal(weights), HasSubstr("shape [50, 24]: float32 [20, 24]"));
  std::swap(weights[0], weights[1]);
  weights[0].type = ElementType::kInt32;
  EXPECT_THAT(refusal(weights), HasSubstr("int32"));
  weights.pop_back();
  EXPECT_THAT(refusal(weights), HasSubstr("parameters"));
}

TEST(CpuEncoder, IdsAndPositionsOutOfRangeAreRefused) {
  const WorkerPool pool(1);
  const auto refusal = [&](const EncoderSpec& spec,
                           const std::vector<std::int32_t>& text) -> std::string {
    try {
      forward(CpuEncoder(spec, random_weights(spec), CpuPrecision::kFloat32, pool), pack({{text}}));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EncoderSpec spec = small_spec();
  const std::vector<std::int32_t> long_text(21, 1);
  EXPECT_THAT(refusal(spec, {50}), HasSubstr("50, 0"));
  EXPECT_THAT(refusal(spec, {-1}), HasSubstr("-1, 0"));
  EXPECT_THAT(refusal(spec, long_text), HasSubstr("1, 20"));
  spec.embeddings.num_positions = 0;
  EXPECT_EQ(refusal(spec, long_text), "") << "without a table there is no last position";
}

TEST(PrecisionName, IsThatOfTheOption) {
  EXPECT_EQ(precision_name(CpuPrecision::kFloat32), "32");
  EXPECT_EQ(precision_name(CpuPrecision::kInt8), "int8");
}

}  // namespace
}  // namespace sbert
