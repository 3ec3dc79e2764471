#include "sbert/train/architecture_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

const EncoderConfig kCheckpoint{.hidden_size = 384, .num_layers = 6};

TEST(ArchitectureKeys, AnOverrideWithAnotherValueIsRefusedWithBothValues) {
  const ConfigTree tree(parse_yaml("model: {num_layers: 24, hidden_size: 1024}"));
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [&] { refuse_other_architecture(tree, {"model.num_layers"}, kCheckpoint); }),
            "model.num_layers is the integer 24, but the checkpoint's is the integer 6: the "
            "architecture comes from the checkpoint; leave the key out");
}

TEST(ArchitectureKeys, WhatAFileSaysAndWhatIsTheSameIsAccepted) {
  const ConfigTree tree(parse_yaml(
      "model: {num_layers: 24, hidden_size: 384, kv_channels: null, layernorm_epsilon: 1e-12}"));
  EXPECT_NO_THROW(refuse_other_architecture(tree, {"model.data"}, kCheckpoint));
  EXPECT_NO_THROW(refuse_other_architecture(
      tree, {"model.hidden_size", "model.kv_channels", "model.layernorm_epsilon"}, kCheckpoint));
}

}  // namespace
}  // namespace sbert
