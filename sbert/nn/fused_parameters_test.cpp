#include "sbert/nn/fused_parameters.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

using testing::ElementsAre;

TEST(FusedParameters, QueryKeyAndValueOfALayerAreOneTensor) {
  EncoderSpec spec = small_spec();
  spec.layers[1].attention.num_key_heads = 1;
  const FusedParameters fused = fused_parameters(spec);
  const auto& of_layer_1 = fused.tensors[5 + 12];
  EXPECT_EQ(of_layer_1.tensor.name, "encoder.layer.1.attention.self.qkv.weight");
  EXPECT_THAT(of_layer_1.tensor.shape, ElementsAre(24 + 8 + 8, 24));
  EXPECT_EQ(of_layer_1.tensor.role, ParameterRole::kQuery);
  EXPECT_EQ(of_layer_1.tensor.layer, 1);
  EXPECT_FALSE(of_layer_1.tensor.is_bias);
  std::vector<std::string> names;
  for (const std::size_t part : of_layer_1.parts)
    names.push_back(fused.parameters[part].name);
  EXPECT_THAT(names, ElementsAre("encoder.layer.1.attention.self.query.weight",
                                 "encoder.layer.1.attention.self.key.weight",
                                 "encoder.layer.1.attention.self.value.weight"));
  EXPECT_EQ(fused.tensors[5 + 13].tensor.name, "encoder.layer.1.attention.self.qkv.bias");
  EXPECT_THAT(fused.tensors[5 + 13].tensor.shape, ElementsAre(40));
}

TEST(FusedParameters, EachParameterIsInOneTensor) {
  const FusedParameters fused = fused_parameters(small_spec());
  std::multiset<std::size_t> places;
  for (const FusedParameter& each : fused.tensors) {
    places.insert(each.parts.begin(), each.parts.end());
    if (each.parts.size() > 1) continue;
    EXPECT_EQ(each.tensor.name, fused.parameters[each.parts[0]].name);
    EXPECT_EQ(each.tensor.shape, fused.parameters[each.parts[0]].shape);
  }
  EXPECT_EQ(places.size(), fused.parameters.size());
  EXPECT_EQ(*places.begin(), 0);
  EXPECT_EQ(*places.rbegin(), fused.parameters.size() - 1);
  EXPECT_EQ(std::set(places.begin(), places.end()).size(), places.size());
}

}  // namespace
}  // namespace sbert
