#include "sbert/model/parameter_specs.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/model/weights.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

using enum ParameterRole;
using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

// "encoder.layer.0.output.dense.weight [24, 40]" of each parameter.
std::vector<std::string> listed(const EncoderSpec& spec) {
  std::vector<std::string> lines;
  for (const ParameterSpec& each : parameter_specs(spec))
    lines.push_back(concat(each.name, " ", shape_text(each.shape)));
  return lines;
}

EncoderSpec one_layer() {
  return small_spec({.num_layers = 1});
}

ParameterSpec parameter(const EncoderSpec& spec,
                        ParameterRole role,
                        std::optional<std::int64_t> layer = std::nullopt,
                        bool is_bias = false) {
  const std::vector<ParameterSpec> specs = parameter_specs(spec);
  return specs.at(ParameterIndex(specs).at(role, layer, is_bias));
}

std::vector<std::int64_t> shape(std::vector<std::int64_t> sizes) {
  return sizes;
}

// Of Qwen3's form: pre-norm without biases, fewer key heads, a head width of its own, gated.
EncoderSpec decoder_like() {
  EncoderSpec spec = small_spec({.width = 24, .num_layers = 2, .num_heads = 4});
  spec.order = NormOrder::kPre;
  spec.norm = {.kind = NormKind::kRmsNorm, .epsilon = 1e-6, .has_bias = false};
  spec.has_final_norm = true;
  spec.embeddings.num_positions = 0;
  spec.embeddings.num_types = 0;
  spec.embeddings.has_norm = false;
  for (LayerSpec& layer : spec.layers) {
    layer.attention.num_key_heads = 2;
    layer.attention.head_dim = 8;
    layer.attention.query_key_norm = QueryKeyNorm::kHead;
    layer.attention.has_bias = false;
    layer.attention.has_output_bias = false;
    layer.feed_forward.is_gated = true;
    layer.feed_forward.has_bias = false;
    layer.feed_forward.has_down_bias = false;
  }
  return spec;
}

TEST(ParameterSpecs, OfBertAreHuggingFacesInTheOrderOfTheNetwork) {
  const std::string layer = "encoder.layer.0.";
  EXPECT_THAT(
      listed(one_layer()),
      ElementsAre(
          "embeddings.word_embeddings.weight [50, 24]",
          "embeddings.position_embeddings.weight [20, 24]",
          "embeddings.token_type_embeddings.weight [2, 24]", "embeddings.LayerNorm.weight [24]",
          "embeddings.LayerNorm.bias [24]", layer + "attention.self.query.weight [24, 24]",
          layer + "attention.self.query.bias [24]", layer + "attention.self.key.weight [24, 24]",
          layer + "attention.self.key.bias [24]", layer + "attention.self.value.weight [24, 24]",
          layer + "attention.self.value.bias [24]",
          layer + "attention.output.dense.weight [24, 24]",
          layer + "attention.output.dense.bias [24]",
          layer + "attention.output.LayerNorm.weight [24]",
          layer + "attention.output.LayerNorm.bias [24]",
          layer + "intermediate.dense.weight [40, 24]", layer + "intermediate.dense.bias [40]",
          layer + "output.dense.weight [24, 40]", layer + "output.dense.bias [24]",
          layer + "output.LayerNorm.weight [24]", layer + "output.LayerNorm.bias [24]"));
}

TEST(ParameterSpecs, OfBertHaveRolesAndLayers) {
  const EncoderSpec spec = small_spec();
  const std::vector<ParameterSpec> specs = parameter_specs(spec);
  EXPECT_EQ(specs.size(), 5U + 3 * 16);
  EXPECT_EQ(specs[0].role, kWordEmbedding);
  EXPECT_EQ(specs[0].layer, std::nullopt);
  EXPECT_EQ(specs[1].role, kPositionEmbedding);
  EXPECT_EQ(specs[2].role, kTypeEmbedding);
  EXPECT_EQ(specs[4].role, kEmbeddingNorm);
  EXPECT_TRUE(specs[4].is_bias);
  const std::vector<ParameterRole> in_layer = {kQuery,         kKey, kValue, kAttentionOutput,
                                               kAttentionNorm, kUp,  kDown,  kFeedForwardNorm};
  for (std::size_t layer = 0; layer < 3; ++layer) {
    for (std::size_t i = 0; i < 16; ++i) {
      const ParameterSpec& each = specs[5 + 16 * layer + i];
      EXPECT_EQ(each.role, in_layer[i / 2]) << each.name;
      EXPECT_EQ(each.layer, static_cast<std::int64_t>(layer)) << each.name;
      EXPECT_EQ(each.is_bias, i % 2 == 1) << each.name;
      EXPECT_TRUE(each.name.starts_with(concat("encoder.layer.", layer, "."))) << each.name;
    }
  }
}

TEST(ParameterSpecs, OfFewerKeyHeadsHaveAHeadWidthOfTheirOwn) {
  const EncoderSpec spec = decoder_like();
  EXPECT_EQ(parameter(spec, kQuery, 1).shape, shape({32, 24}));
  EXPECT_EQ(parameter(spec, kKey, 1).shape, shape({16, 24}));
  EXPECT_EQ(parameter(spec, kValue, 1).shape, shape({16, 24}));
  EXPECT_EQ(parameter(spec, kAttentionOutput, 1).shape, shape({24, 32}));
}

TEST(ParameterSpecs, OfPreNormStandBeforeWhatTheyNormalize) {
  const std::string layer = "encoder.layer.1.";
  const std::vector<std::string> all = listed(decoder_like());
  EXPECT_EQ(all.front(), "embeddings.word_embeddings.weight [50, 24]");
  EXPECT_EQ(all.back(), "encoder.final_norm.weight [24]");
  ASSERT_EQ(all.size(), 1U + 2 * 11 + 1);
  EXPECT_THAT(std::vector<std::string>(all.begin() + 12, all.begin() + 23),
              ElementsAre(layer + "attention.output.LayerNorm.weight [24]",
                          layer + "attention.self.query.weight [32, 24]",
                          layer + "attention.self.key.weight [16, 24]",
                          layer + "attention.self.value.weight [16, 24]",
                          layer + "attention.self.query_norm.weight [8]",
                          layer + "attention.self.key_norm.weight [8]",
                          layer + "attention.output.dense.weight [24, 32]",
                          layer + "output.LayerNorm.weight [24]",
                          layer + "intermediate.gate.weight [40, 24]",
                          layer + "intermediate.dense.weight [40, 24]",
                          layer + "output.dense.weight [24, 40]"));
}

TEST(ParameterSpecs, OfTheFirstLayerMayLackTheAttentionsNorm) {
  EncoderSpec spec = decoder_like();
  spec.layers[0].has_attention_norm = false;
  const ParameterIndex index(parameter_specs(spec));
  EXPECT_FALSE(index.find(kAttentionNorm, 0));
  EXPECT_TRUE(index.find(kAttentionNorm, 1));
  EXPECT_TRUE(index.find(kFeedForwardNorm, 0));
}

TEST(ParameterSpecs, OfNormsOverTheWholeWidth) {
  EncoderSpec spec = decoder_like();
  spec.norm.has_bias = true;
  for (LayerSpec& layer : spec.layers)
    layer.attention.query_key_norm = QueryKeyNorm::kWidth;
  EXPECT_EQ(parameter(spec, kQueryNorm, 0).shape, shape({32}));
  EXPECT_EQ(parameter(spec, kKeyNorm, 0, true).shape, shape({16}));
}

TEST(ParameterSpecs, OfASandwichHaveNormsOnBothSides) {
  EncoderSpec spec = decoder_like();
  spec.order = NormOrder::kSandwich;
  EXPECT_EQ(parameter(spec, kAttentionOutputNorm, 1).name,
            "encoder.layer.1.attention.output.post_norm.weight");
  EXPECT_EQ(parameter(spec, kFeedForwardOutputNorm, 1).name,
            "encoder.layer.1.output.post_norm.weight");
  const std::vector<ParameterSpec> specs = parameter_specs(spec);
  const ParameterIndex index(specs);
  EXPECT_LT(index.at(kAttentionNorm, 0), index.at(kQuery, 0));
  EXPECT_LT(index.at(kAttentionOutput, 0), index.at(kAttentionOutputNorm, 0));
  EXPECT_LT(index.at(kAttentionOutputNorm, 0), index.at(kFeedForwardNorm, 0));
  EXPECT_EQ(index.at(kFeedForwardOutputNorm, 0), index.at(kDown, 0) + 1);
}

TEST(ParameterSpecs, OfExpertsLieOneBelowTheOther) {
  EncoderSpec spec = small_spec({.num_layers = 2});
  spec.layers[1].feed_forward.experts = ExpertsSpec{.count = 4, .used = 2};
  spec.layers[1].feed_forward.has_bias = false;
  EXPECT_EQ(parameter(spec, kRouter, 1).name, "encoder.layer.1.intermediate.router.weight");
  EXPECT_EQ(parameter(spec, kRouter, 1).shape, shape({4, 24}));
  EXPECT_EQ(parameter(spec, kUp, 1).shape, shape({160, 24}));
  EXPECT_EQ(parameter(spec, kDown, 1).shape, shape({160, 24}));
  EXPECT_EQ(parameter(spec, kDown, 0).shape, shape({24, 40}));
  EXPECT_FALSE(ParameterIndex(parameter_specs(spec)).find(kRouter, 0));
}

TEST(ParameterSpecs, OfTablesThatAreMissing) {
  EncoderSpec spec = one_layer();
  spec.embeddings.num_positions = 0;
  spec.embeddings.num_types = 0;
  const ParameterIndex index(parameter_specs(spec));
  EXPECT_FALSE(index.find(kPositionEmbedding));
  EXPECT_FALSE(index.find(kTypeEmbedding));
  EXPECT_EQ(index.find(kWordEmbedding), 0U);
  EXPECT_EQ(index.find(kEmbeddingNorm), 1U);
}

TEST(ParameterSpecs, OfNarrowTablesHaveAProjection) {
  EncoderSpec spec = one_layer();
  spec.embeddings.width = 8;
  EXPECT_THAT(
      listed(spec),
      IsSupersetOf({"embeddings.word_embeddings.weight [50, 8]", "embeddings.LayerNorm.weight [8]",
                    "embeddings_project.weight [24, 8]", "embeddings_project.bias [24]"}));
  EXPECT_THAT(listed(one_layer()), Not(Contains("embeddings_project.bias [24]")));
}

TEST(ParameterSpecs, OfBucketsOfDistancesAreATableForAllLayers) {
  EncoderSpec spec = small_spec();
  spec.position_bias.kind = PositionBias::kBuckets;
  const ParameterSpec table = parameter(spec, kPositionBias);
  EXPECT_EQ(table.name, "encoder.relative_attention_bias.weight");
  EXPECT_EQ(table.shape, shape({32, 3}));
  spec.position_bias.kind = PositionBias::kAlibi;  // slopes are not learned
  EXPECT_FALSE(ParameterIndex(parameter_specs(spec)).find(kPositionBias));
}

TEST(ParameterIndex, NamesNothingThatIsNotThere) {
  const ParameterIndex index(parameter_specs(small_spec()));
  EXPECT_EQ(index.find(kFinalNorm), std::nullopt);
  EXPECT_EQ(index.find(kQuery, 3), std::nullopt);
  EXPECT_EQ(index.find(kQuery), std::nullopt);  // of a layer, not outside of them
  EXPECT_EQ(index.find(kWordEmbedding, std::nullopt, true), std::nullopt);
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { index.at(kFinalNorm); }),
            "the encoder has no parameter of this role");
}

TEST(ParameterRole, TellsNormsAndTables) {
  for (const ParameterRole role :
       {kEmbeddingNorm, kQueryNorm, kKeyNorm, kAttentionNorm, kAttentionOutputNorm,
        kFeedForwardNorm, kFeedForwardOutputNorm, kFinalNorm}) {
    EXPECT_TRUE(is_norm(role));
  }
  for (const ParameterRole role : {kWordEmbedding, kEmbeddingProjection, kPositionBias, kQuery,
                                   kAttentionOutput, kRouter, kGate, kUp, kDown}) {
    EXPECT_FALSE(is_norm(role));
  }
  for (const ParameterRole role :
       {kWordEmbedding, kPositionEmbedding, kTypeEmbedding, kEmbeddingNorm, kEmbeddingProjection}) {
    EXPECT_TRUE(is_of_embeddings(role));
  }
  for (const ParameterRole role : {kPositionBias, kQuery, kAttentionNorm, kDown, kFinalNorm})
    EXPECT_FALSE(is_of_embeddings(role));
}

TEST(NumParameters, AreTheSumOfTheElements) {
  const double tables = (50 + 20 + 2) * 24;
  const double norm = 2 * 24;
  const double layer = 4 * (24 * 24 + 24) + norm + (40 * 24 + 40) + (24 * 40 + 24) + norm;
  EXPECT_EQ(num_parameters(small_spec()), tables + norm + 3 * layer);
}

TEST(NumParameters, OfHugeSizesDoNotOverflow) {
  EncoderSpec spec = small_spec({.num_layers = 1});
  spec.width = 65'536;
  spec.layers[0].attention.head_dim = 65'536;
  spec.layers[0].attention.num_heads = spec.layers[0].attention.num_key_heads = 1'024;
  spec.layers[0].feed_forward = {.width = 1 << 20, .experts = ExpertsSpec{.count = 1'024}};
  spec.layers.resize(1'000, spec.layers[0]);
  EXPECT_NO_THROW(spec.validate());
  EXPECT_GT(num_parameters(spec), 1e17);
}

}  // namespace
}  // namespace sbert
