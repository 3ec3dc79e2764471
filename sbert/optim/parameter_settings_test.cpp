#include "sbert/optim/parameter_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/optim/parameter_names.h"

namespace sbert {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

NamedTensors named(const std::vector<std::string>& names) {
  NamedTensors tensors;
  for (const std::string& name : names)
    tensors.push_back({name, Tensor()});
  return tensors;
}

TEST(ParameterSettings, BiasesAndLayerNormsAreNotDecayed) {
  const auto settings = parameter_settings(named(
      {"embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight",
       "encoder.layer.0.output.dense.bias", "encoder.layer.0.attention.self.query.lora_A.weight"}));
  EXPECT_THAT(settings, ElementsAre(ParameterSetting{1, true}, ParameterSetting{1, false},
                                    ParameterSetting{1, false}, ParameterSetting{1, true}));
}

TEST(LayerLearningRates, FallFromTheHeadToTheEmbeddings) {
  const auto scales =
      layer_learning_rates(named({"embeddings.LayerNorm.bias", "encoder.layer.0.output.dense.bias",
                                  "encoder.layer.10.output.dense.weight",
                                  "encoder.layer.11.output.dense.weight", "pooler.dense.weight"}),
                           12, 0.5);
  EXPECT_THAT(scales, ElementsAre(DoubleEq(1.0 / 8'192), DoubleEq(1.0 / 4'096), DoubleEq(0.25),
                                  DoubleEq(0.5), DoubleEq(1)));
}

TEST(LayerLearningRates, NoDecayTrainsAllAlike) {
  EXPECT_THAT(layer_learning_rates(named({"embeddings.x", "encoder.layer.0.y", "z"}), 1, 1),
              ElementsAre(1, 1, 1));
}

TEST(LayerLearningRates, ADecayOutOfRangeIsRefused) {
  for (const double decay : {0.0, -0.5, 1.01, std::nan("")})
    EXPECT_THROW(layer_learning_rates({}, 2, decay), Error) << decay;
}

TEST(LayerOf, ReadsTheNumberBetweenDots) {
  EXPECT_EQ(layer_of("encoder.layer.0.output.dense.bias"), 0);
  EXPECT_EQ(layer_of("encoder.layer.123.output.dense.bias"), 123);
  for (const char* other :
       {"encoder.layer.", "encoder.layer.3", "encoder.layer.x.bias", "encoder.layer.-1.bias",
        "encoder.layer.99999999999999999999.bias", "embeddings.LayerNorm.bias", ""}) {
    EXPECT_EQ(layer_of(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace sbert
