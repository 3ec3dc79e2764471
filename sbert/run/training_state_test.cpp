#include "sbert/run/training_state.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/nn/weight_tensors.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::filesystem::path temp(const char* name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

TEST(TrainingState, ReadsBackEverythingThatWasWritten) {
  const NamedTensors written{{"model.a", at::randn({3, 4})},
                             {"optimizer.step", at::scalar_tensor(12, at::kLong)}};
  save_training_state(temp("state.ckpt"), written,
                      {.step = 12,
                       .consumed_samples = 96,
                       .data_fingerprint = "rows",
                       .best_score = 0.1,
                       .validations_since_best = 3});

  const NamedTensors read{{"model.a", at::zeros({3, 4})},
                          {"optimizer.step", at::scalar_tensor(0, at::kLong)}};
  const RunPosition position = load_training_state(temp("state.ckpt"), read);
  EXPECT_EQ(position.step, 12);
  EXPECT_EQ(position.consumed_samples, 96);
  EXPECT_EQ(position.data_fingerprint, "rows");
  EXPECT_EQ(position.best_score, 0.1);
  EXPECT_EQ(position.validations_since_best, 3);
  for (std::size_t i = 0; i < read.size(); ++i)
    EXPECT_TRUE(read[i].tensor.equal(written[i].tensor)) << read[i].name;
}

TEST(TrainingState, ARunWithoutAValidationHasNoBestScore) {
  save_training_state(temp("new.ckpt"), {{"model.a", at::zeros({1})}}, {});
  EXPECT_TRUE(std::isnan(load_training_state(temp("new.ckpt"), {}).best_score));
}

std::string refusal(const NamedTensors& tensors,
                    const std::map<std::string, std::string>& metadata) {
  Weights weights;
  for (const NamedTensor& each : tensors)
    weights.push_back(weight_of(each.name, each.tensor));
  write_safetensors(temp("bad.ckpt"), weights, metadata);
  const NamedTensors wanted{{"model.a", at::full({2, 3}, 7.0)}};
  const std::string message =
      message_of(ErrorKind::kInput, [&] { load_training_state(temp("bad.ckpt"), wanted); });
  EXPECT_TRUE(wanted[0].tensor.equal(at::full({2, 3}, 7.0)));
  return message;
}

TEST(TrainingState, WhatIsNoStateOfThisModelIsRefused) {
  std::map<std::string, std::string> metadata{{"format", "sbert-training-state"},
                                              {"version", "2"},
                                              {"step", "3"},
                                              {"consumed_samples", "24"},
                                              {"data_fingerprint", "rows"},
                                              {"best_score", "0.5"},
                                              {"validations_since_best", "0"}};
  EXPECT_THAT(refusal({}, {}), HasSubstr("no format"));
  EXPECT_THAT(refusal({}, metadata), HasSubstr("missing: model.a"));
  EXPECT_THAT(refusal({{"model.a", at::zeros({2, 2})}}, metadata), HasSubstr("another shape"));
  metadata["step"] = "-3";
  EXPECT_THAT(refusal({}, metadata), HasSubstr("step of a training state must be a count: -3"));
  metadata["step"] = "3";
  metadata["best_score"] = "good";
  EXPECT_THAT(refusal({}, metadata), HasSubstr("best_score of a training state must be a number"));
  metadata["version"] = "1";
  EXPECT_THAT(refusal({}, metadata), HasSubstr("version 2"));
}

}  // namespace
}  // namespace sbert
