#include "sbert/run/run_settings.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;

TrainOptions options() {
  TrainOptions options;
  options.restore_from_path = "base/";
  return options;
}

RunSettings settings_of(const TrainOptions& options) {
  return run_settings(options, ComputePrecision::kFloat32, letter_model());
}

TEST(RunSettings, EachThatChangesIsNamedWithWhatItWasAndIs) {
  const std::pair<const char*, std::function<void(TrainOptions&)>> changes[] = {
      {R"(model.loss.name: was "contrastive", now "triplet")",
       [](auto& o) { o.model.loss.name = LossKind::kTriplet; }},
      {"model.loss.memory_size: was 0, now 8", [](auto& o) { o.model.loss.memory_size = 8; }},
      {"model.loss.matryoshka_dims: was [], now [16,8]",
       [](auto& o) { o.model.loss.matryoshka_dims = {16, 8}; }},
      {"model.loss.learn_temperature: was false, now true",
       [](auto& o) { o.model.loss.learn_temperature = true; }},
      {"model.softmax_temp: was 0.05, now 0.1", [](auto& o) { o.model.softmax_temp = 0.1; }},
      {"model.encoder_seq_length: was 512, now 16",
       [](auto& o) { o.model.encoder_seq_length = 16; }},
      {R"(model.data.query_prefix: was "query:", now "q:")",
       [](auto& o) { o.model.data.query_prefix = "q:"; }},
      {"model.hidden_dropout: was 0.1, now 0", [](auto& o) { o.model.hidden_dropout = 0; }},
      {"model.optim.betas: was [0.9,0.98], now [0.5,0.5]",
       [](auto& o) { o.model.optim.betas = {0.5, 0.5}; }},
      {R"(model.lora: was off, now {"rank":4)", [](auto& o) { o.model.lora.emplace().rank = 4; }},
      {"model.freeze: was nothing, now embeddings",
       [](auto& o) { o.model.freeze.text = "embeddings"; }},
      {"exp_manager.ema: was off, now decay 0.999 every 1 steps",
       [](auto& o) { o.exp_manager.ema.enable = true; }},
  };
  for (const auto& [message, change] : changes) {
    TrainOptions changed = options();
    change(changed);
    EXPECT_THAT(describe_changes(settings_of(options()), settings_of(changed)), HasSubstr(message));
  }
}

TEST(RunSettings, AllThatChangedStandInOneMessage) {
  TrainOptions changed = options();
  changed.model.lora.emplace();
  changed.exp_manager.ema.enable = true;
  const RunSettings now = run_settings(changed, ComputePrecision::kBFloat16, letter_model());
  const std::string message = describe_changes(settings_of(options()), now);
  for (const char* part :
       {"model.lora: was off", "exp_manager.ema: was off", "trainer.precision: was 32, now bf16"})
    EXPECT_THAT(message, HasSubstr(part));
}

TEST(RunSettings, TheBaseModelIsKnownByItsWeightsNotByItsPath) {
  TrainOptions moved = options();
  moved.restore_from_path = "elsewhere/";
  EXPECT_EQ(describe_changes(settings_of(options()), settings_of(moved)), "");
  TextModel other = letter_model();
  Weight& weight = other.weights.front();
  const std::vector<float> zeros(static_cast<std::size_t>(weight.num_elements()));
  weight = make_weight(weight.name, weight.shape, zeros);
  EXPECT_EQ(describe_changes(settings_of(options()),
                             run_settings(moved, ComputePrecision::kFloat32, other)),
            "restore_from_path (other weights): was base/, now elsewhere/");
}

TEST(RunSettings, WhatOnlySaysHowLongOrHowFastMayChange) {
  TrainOptions changed = options();
  changed.trainer.max_steps = 7;
  changed.model.optim.lr = 1;
  changed.model.micro_batch_size = 1;
  changed.exp_manager.ema.decay = 0.5;  // of an average that is off
  EXPECT_EQ(describe_changes(settings_of(options()), settings_of(changed)), "");
}

}  // namespace
}  // namespace sbert
