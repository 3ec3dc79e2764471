// What a run checks before its first update, and what it saves when something fails later.

#include <functional>
#include <thread>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/run/checkpoint_folder.h"
#include "sbert/run/trainer.h"
#include "sbert/run/trainer_test_fixture.h"
#include "sbert/run/training_state.h"

namespace sbert {
namespace {

using testing::HasSubstr;

TEST_F(TrainerTest, ACheckpointOfOtherSettingsIsNotResumedAndAllThatDiffersIsListed) {
  train(options(), "run");
  TrainOptions o = options();
  o.trainer.max_steps = 20;
  o.model.lora = LoraOptions{};
  o.exp_manager.ema.enable = true;
  o.model.loss.learn_temperature = true;
  o.model.data.evaluation_sample_size = 5;
  const std::string message = refusal(o);
  for (const char* part :
       {"model.lora: was off", "exp_manager.ema: was off",
        "model.loss.learn_temperature: was false, now true", "data: was 60 records",
        "another exp_manager.explicit_log_dir or exp_manager.resume_if_exists=False"})
    EXPECT_THAT(message, HasSubstr(part));
  o = options();
  o.trainer.max_steps = 20;
  TextModel other = letter_model();
  Weight& weight = other.weights.front();
  const std::vector<float> zeros(static_cast<std::size_t>(weight.num_elements()));
  weight = make_weight(weight.name, weight.shape, zeros);
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { train(o, "run", other); }),
              HasSubstr("restore_from_path (other weights)"));
  EXPECT_EQ(train(o, "run").steps, 20);
}

TEST_F(TrainerTest, WhatValidationsWouldStumbleOverIsSaidBeforeTheFirstUpdate) {
  write_file_atomically(folder_ / "pairs.tsv", "score\ts1\ts2\n1\ta b\tb a\n0.1\ta b\tx y\n");
  write_file_atomically(folder_ / "bad.tsv", "score\ts1\ts2\n1\ta b\tb a\n");
  const auto evaluated = [&](const char* task, const char* data) {
    return std::vector<EvaluatorOptions>{{.task = "sts", .data = folder_ / "pairs.tsv"},
                                         {.task = task, .data = folder_ / data, .name = "x"}};
  };
  const std::tuple<ErrorKind, const char*, std::function<void(TrainOptions&)>> cases[] = {
      {ErrorKind::kIo, "trainer.evaluators[1]: ",
       [&](auto& o) { o.trainer.evaluators = evaluated("sts", "missing.tsv"); }},
      {ErrorKind::kIo, "missing",
       [&](auto& o) { o.trainer.evaluators = evaluated("retrieval", "missing"); }},
      {ErrorKind::kInput, "bad.tsv: the scores are all the same",
       [&](auto& o) { o.trainer.evaluators = evaluated("sts", "bad.tsv"); }},
      {ErrorKind::kUsage, "monitor: a validation gives no x/map; it gives val_loss",
       [&](auto& o) {
         o.trainer.evaluators = evaluated("sts", "pairs.tsv");
         o.exp_manager.checkpoint_callback_params.monitor = "x/map";
       }},
      {ErrorKind::kUsage,
       "model.freeze leaves nothing to train; the model has embeddings and "
       "layers.0-1: embeddings,layers.0-1",
       [](auto& o) { o.model.freeze.text = "embeddings,layers.0-1"; }},
      {ErrorKind::kUsage,
       "early_stopping_callback_params.monitor: a validation gives no val_loss; it "
       "gives nothing",
       [](auto& o) {
         o.model.data.evaluation_sample_size = 0;
         o.exp_manager.create_early_stopping_callback = true;
       }},
      {ErrorKind::kUsage, "checkpoint_callback_params.monitor: a validation gives no val_mrr@10",
       [](auto& o) {
         o.model.data.evaluation_sample_size = 0;
         o.exp_manager.checkpoint_callback_params.monitor = "val_mrr@10";
       }},
      {ErrorKind::kUsage, "train.json: model.loss.name=softmax needs the class of a pair",
       [](auto& o) { o.model.loss.name = LossKind::kSoftmax; }},
  };
  for (const auto& [kind, message, change] : cases) {
    TrainOptions o = options();
    change(o);
    EXPECT_THAT(message_of(kind, [&] { train(o, "run"); }), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run/metrics.jsonl")) << message;
  }
}

TEST_F(TrainerTest, AnErrorInAValidationSavesTheStateFirst) {
  const std::string pairs = "score\ts1\ts2\n1\ta b\tb a\n0.1\ta b\tx y\n0.7\tc d\td e\n";
  write_file_atomically(folder_ / "pairs.tsv", pairs);
  TrainOptions o = options();
  o.trainer.max_steps = 1'000'000;
  o.model.optim.sched.name = "constant";  // the schedule of all lengths
  o.trainer.log_every_n_steps = 1;
  o.trainer.val_check_interval = {std::int64_t{2}};
  o.trainer.evaluators = {{.task = "sts", .data = folder_ / "pairs.tsv"}};
  std::thread remover([&] {  // after the rehearsal, before one of the validations
    while (!std::filesystem::exists(folder_ / "run/metrics.jsonl"))
      std::this_thread::yield();
    std::filesystem::remove(folder_ / "pairs.tsv");
  });
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { train(o, "run"); }), HasSubstr("pairs.tsv"));
  remover.join();
  const double step = values("run", "global_step").back();
  const CheckpointFolder checkpoints(folder_ / "run/checkpoints", "megatron_bert", {});
  EXPECT_EQ(static_cast<double>(read_position(checkpoints.last().value()).step), step);
  write_file_atomically(folder_ / "pairs.tsv", pairs);
  o.trainer.max_steps = static_cast<std::int64_t>(step) + 2;
  const TrainResult resumed = train(o, "run");
  EXPECT_TRUE(all_parameters(resumed.model) == all_parameters(train(o, "whole").model));
}

TEST_F(TrainerTest, EvaluatorsMeasureWithoutValidationRowsToo) {
  write_file_atomically(folder_ / "pairs.tsv",
                        "score\ts1\ts2\n1\ta b\tb a\n0.1\ta b\tx y\n0.7\tc d\td e\n");
  TrainOptions o = options();
  o.model.data.evaluation_sample_size = 0;
  o.trainer.evaluators = {{.task = "sts", .data = folder_ / "pairs.tsv"}};
  train(o, "unranked");  // by val_loss, which is not measured
  EXPECT_EQ(values("unranked", "sts/spearman_cosine").size(), 3U);
  EXPECT_EQ(values("unranked", "val_loss").size(), 0U);
  o.exp_manager.checkpoint_callback_params.monitor = "sts/spearman_cosine";
  train(o, "ranked");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "ranked/best-model"));
}

}  // namespace
}  // namespace sbert
