#include "sbert/optim/parameter_settings.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using enum ParameterRole;

EncoderParameter parameter(ParameterRole role,
                           std::optional<std::int64_t> layer = std::nullopt,
                           bool is_bias = false) {
  return {.name = "any", .tensor = {}, .role = role, .layer = layer, .is_bias = is_bias};
}

TEST(ParameterSettings, BiasesAndNormsAreNotDecayed) {
  const auto is_decayed = [](const EncoderParameter& each) {
    return parameter_settings({each}).at(0) == ParameterSetting{1, true};
  };
  for (const ParameterRole role : {kWordEmbedding, kPositionEmbedding, kTypeEmbedding, kQuery, kKey,
                                   kValue, kAttentionOutput, kGate, kUp, kDown, kRouter}) {
    EXPECT_TRUE(is_decayed(parameter(role, 0)));
    EXPECT_FALSE(is_decayed(parameter(role, 0, true)));
  }
  for (const ParameterRole role :
       {kEmbeddingNorm, kQueryNorm, kKeyNorm, kAttentionNorm, kAttentionOutputNorm,
        kFeedForwardNorm, kFeedForwardOutputNorm, kFinalNorm}) {
    EXPECT_FALSE(is_decayed(parameter(role, 0)));
    EXPECT_FALSE(is_decayed(parameter(role, 0, true)));
  }
}

TEST(LayerLearningRates, FallFromTheTopToTheEmbeddings) {
  const auto scales =
      layer_learning_rates({parameter(kEmbeddingNorm), parameter(kDown, 0), parameter(kQuery, 10),
                            parameter(kFeedForwardNorm, 11, true), parameter(kFinalNorm)},
                           12, 0.5);
  EXPECT_THAT(scales, ElementsAre(DoubleEq(1.0 / 8'192), DoubleEq(1.0 / 4'096), DoubleEq(0.25),
                                  DoubleEq(0.5), DoubleEq(1)));
}

TEST(LayerLearningRates, NoDecayTrainsAllAlike) {
  EXPECT_THAT(layer_learning_rates(
                  {parameter(kWordEmbedding), parameter(kDown, 0), parameter(kFinalNorm)}, 1, 1),
              ElementsAre(1, 1, 1));
}

TEST(LayerLearningRates, ADecayOutOfRangeIsRefused) {
  for (const double decay : {0.0, -0.5, 1.01, std::nan("")})
    EXPECT_THROW(layer_learning_rates({}, 2, decay), Error) << decay;
}

}  // namespace
}  // namespace sbert
