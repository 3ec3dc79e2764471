#include "sbert/train/training_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/base/named_tensor.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::filesystem::path temp(const char* name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

TEST(TrainingState, ReadsBackEverythingThatWasWritten) {
  const SentenceModel model = letter_model();
  AdamW optimizer(model.encoder.parameters(), {});
  for (const NamedTensor& each : optimizer.state())
    each.tensor.normal_();
  save_training_state(temp("state.ckpt"), model, optimizer, {12, 96, "rows"});

  const SentenceModel other = letter_model();
  for (const NamedTensor& p : other.encoder.parameters())
    p.tensor.zero_();
  AdamW resumed(other.encoder.parameters(), {});
  const RunPosition position = load_training_state(temp("state.ckpt"), other, resumed);
  EXPECT_EQ(position.step, 12);
  EXPECT_EQ(position.consumed_samples, 96);
  EXPECT_EQ(position.data_fingerprint, "rows");
  EXPECT_EQ(resumed.step_count(), 12);
  const NamedTensors before = model.encoder.parameters();
  const NamedTensors after = other.encoder.parameters();
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(before[i].tensor.equal(after[i].tensor)) << before[i].name;
  }
  for (std::size_t i = 0; i < optimizer.state().size(); ++i) {
    EXPECT_TRUE(optimizer.state()[i].tensor.equal(resumed.state()[i].tensor));
  }
}

std::string refusal(const NamedTensors& tensors,
                    const std::map<std::string, std::string>& metadata) {
  write_safetensors(temp("bad.ckpt"), tensors, metadata);
  const SentenceModel model = letter_model();
  AdamW optimizer(model.encoder.parameters(), {});
  try {
    load_training_state(temp("bad.ckpt"), model, optimizer);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(TrainingState, WhatIsNoStateOfThisModelIsRefused) {
  std::map<std::string, std::string> metadata{{"format", "sbert-training-state"},
                                              {"version", "1"},
                                              {"step", "3"},
                                              {"consumed_samples", "24"},
                                              {"data_fingerprint", "rows"}};
  EXPECT_THAT(refusal({}, {}), HasSubstr("no format"));
  EXPECT_THAT(refusal({}, metadata), HasSubstr("missing: model.embeddings.word_embeddings.weight"));
  EXPECT_THAT(refusal({{"model.embeddings.word_embeddings.weight", at::zeros({2, 2})}}, metadata),
              HasSubstr("another shape"));
  metadata["step"] = "-3";
  EXPECT_THAT(refusal({}, metadata), HasSubstr("step of a training state must be a count: -3"));
  metadata["version"] = "2";
  EXPECT_THAT(refusal({}, metadata), HasSubstr("version 1"));
}

}  // namespace
}  // namespace sbert
