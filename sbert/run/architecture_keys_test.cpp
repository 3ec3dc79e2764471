#include "sbert/run/architecture_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/yaml.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

EncoderSpec checkpoint() {
  return small_spec({.width = 384, .num_layers = 6, .num_heads = 12});
}

TEST(ArchitectureKeys, AnOverrideWithAnotherValueIsRefusedWithBothValues) {
  const ConfigTree tree(parse_yaml("model: {num_layers: 24, hidden_size: 1024}"));
  EXPECT_EQ(
      message_of(ErrorKind::kUsage,
                 [&] { refuse_other_architecture(tree, {"model.num_layers"}, checkpoint()); }),
      "model.num_layers is the integer 24, but the checkpoint's is the integer 6: the "
      "architecture comes from the checkpoint; leave the key out");
}

TEST(ArchitectureKeys, WhatAFileSaysAndWhatIsTheSameIsAccepted) {
  const ConfigTree tree(parse_yaml(
      "model: {num_layers: 24, hidden_size: 384, kv_channels: null, layernorm_epsilon: 1e-12}"));
  EXPECT_NO_THROW(refuse_other_architecture(tree, {"model.data"}, checkpoint()));
  EXPECT_NO_THROW(refuse_other_architecture(
      tree, {"model.hidden_size", "model.kv_channels", "model.layernorm_epsilon"}, checkpoint()));
}

}  // namespace
}  // namespace sbert
