#include "sbert/model/encoder_spec.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

// What validate() says once `change` was made to a spec that passes.
std::string refusal(const std::function<void(EncoderSpec&)>& change) {
  EncoderSpec spec = small_spec();
  spec.validate();
  change(spec);
  return message_of(ErrorKind::kInput, [&] { spec.validate(); });
}

TEST(EncoderSpec, SizesHaveLimits) {
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.width = 0; }), "width must be from 1 to 65536: 0");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.width = 65'537; }),
            "width must be from 1 to 65536: 65537");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.embeddings.vocab_size = 0; }),
            "embeddings.vocab_size must be from 1 to 10000000: 0");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.embeddings.width = -1; }),
            "embeddings.width must be from 1 to 65536: -1");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.embeddings.num_positions = -1; }),
            "embeddings.num_positions must be from 0 to 1048576: -1");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.embeddings.num_types = 1'025; }),
            "embeddings.num_types must be from 0 to 1024: 1025");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.layers.clear(); }),
            "layers must be from 1 to 1000: 0");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.layers.resize(1'001); }),
            "layers must be from 1 to 1000: 1001");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.max_length = -1; }),
            "max_length must be from 0 to 1048576: -1");
}

TEST(EncoderSpec, NumbersHaveLimits) {
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.norm.epsilon = 0; }),
            "norm.epsilon must be in (0, 1): 0");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.norm.epsilon = std::nan(""); }),
            "norm.epsilon must be in (0, 1): nan");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.dropout.hidden = 1; }),
            "dropout.hidden must be in [0, 1): 1");
  EXPECT_EQ(refusal([](EncoderSpec& spec) { spec.dropout.attention = -0.5; }),
            "dropout.attention must be in [0, 1): -0.5");
}

TEST(EncoderSpec, LayersAreNamedByTheirNumber) {
  const auto of_layer = [](const std::function<void(LayerSpec&)>& change) {
    return refusal([&](EncoderSpec& spec) { change(spec.layers.at(2)); });
  };
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.num_heads = 0; }),
            "layers.2: attention.num_heads must be from 1 to 1024: 0");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.num_key_heads = 4; }),
            "layers.2: attention.num_key_heads must be from 1 to 3: 4");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.num_key_heads = 2; }),
            "layers.2: attention.num_heads must be a multiple of attention.num_key_heads: 3 and 2");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.head_dim = 0; }),
            "layers.2: attention.head_dim must be from 1 to 65536: 0");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.window = -1; }),
            "layers.2: attention.window must be from 0 to 1048576: -1");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.attention.scale = 0; }),
            "layers.2: attention.scale must be positive: 0");
  EXPECT_EQ(of_layer([](LayerSpec& layer) { layer.feed_forward.width = 0; }),
            "layers.2: feed_forward.width must be from 1 to 1048576: 0");
}

TEST(EncoderSpec, RopeRotatesPairs) {
  EXPECT_EQ(refusal([](EncoderSpec& spec) {
              spec.layers[0].attention.head_dim = 7;
              spec.layers[0].attention.rope = RopeSpec{};
            }),
            "layers.0: attention.head_dim must be even for rope: 7");
  const auto with_rope = [](const RopeSpec& rope) {
    return refusal([&](EncoderSpec& spec) { spec.layers[0].attention.rope = rope; });
  };
  EXPECT_EQ(with_rope({.theta = 0}), "layers.0: attention.rope.theta must be positive: 0");
  EXPECT_EQ(with_rope({.position_scale = -1}),
            "layers.0: attention.rope.position_scale must be positive: -1");
}

TEST(EncoderSpec, ExpertsAreUsedAsManyAsThereAre) {
  const auto with_experts = [](const ExpertsSpec& experts) {
    return refusal([&](EncoderSpec& spec) { spec.layers[1].feed_forward.experts = experts; });
  };
  EXPECT_EQ(with_experts({.count = 0}),
            "layers.1: feed_forward.experts.count must be from 1 to 1024: 0");
  EXPECT_EQ(with_experts({.count = 2, .used = 3}),
            "layers.1: feed_forward.experts.used must be from 1 to 2: 3");
}

TEST(EncoderSpec, BucketsOfDistancesAreSharedByLayersOfAsManyHeads) {
  const auto with_buckets = [](std::int64_t buckets, std::int64_t distance) {
    return refusal([&](EncoderSpec& spec) {
      spec.position_bias = {
          .kind = PositionBias::kBuckets, .num_buckets = buckets, .max_distance = distance};
    });
  };
  EXPECT_EQ(with_buckets(1, 128), "position_bias.num_buckets must be from 2 to 65536: 1");
  EXPECT_EQ(with_buckets(32, 0), "position_bias.max_distance must be from 1 to 1048576: 0");
  EXPECT_EQ(refusal([](EncoderSpec& spec) {
              spec.position_bias.kind = PositionBias::kBuckets;
              spec.layers[2].attention.num_heads = 6;
            }),
            "position_bias needs as many heads in all layers: layer 2 has 6, the first 3");
}

TEST(EncoderSpec, WhatOtherFamiliesLackMayBeMissing) {
  EncoderSpec spec = small_spec();
  spec.embeddings.num_positions = 0;
  spec.embeddings.num_types = 0;
  spec.max_length = 0;
  EXPECT_NO_THROW(spec.validate());
}

TEST(EncoderSpec, IsEqualMemberByMember) {
  EncoderSpec other = small_spec();
  EXPECT_EQ(small_spec(), other);
  other.layers[1].attention.window = 64;
  EXPECT_NE(small_spec(), other);
}

}  // namespace
}  // namespace sbert
