#include "sbert/run/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/checkpoint/model_files.h"
#include "sbert/run/trainer_test_fixture.h"

namespace sbert {
namespace {

using testing::HasSubstr;

TEST_F(TrainerTest, TheValidationLossFalls) {
  TrainOptions o = options();
  o.trainer.max_steps = 60;
  o.trainer.val_check_interval = {std::int64_t{20}};
  EXPECT_EQ(train(o, "run").result.steps, 60);
  const std::vector<double> losses = values("run", "val_loss");
  ASSERT_EQ(losses.size(), 3U);
  EXPECT_LT(losses[2], losses[0]);
  EXPECT_EQ(values("run", "val_ndcg@10").size(), 3U);
  EXPECT_EQ(values("run", "val_accuracy@1").size(), 3U);
}

TEST_F(TrainerTest, ThePrefixesBecomeTheModelsPrompts) {
  TrainOptions o = options();
  o.trainer.max_steps = 1;
  o.model.data.query_prefix = "query:";
  const Outcome outcome = train(o, "run");
  EXPECT_EQ(query_prompt(outcome.model, ""), "query: ");
  EXPECT_EQ(document_prompt(outcome.model, ""), "");
}

TEST_F(TrainerTest, AResumedRunEndsWithTheSameBits) {
  TrainOptions cut = options();
  cut.model.optim.sched.name = "constant";  // the schedule of one epoch is that of two
  const Outcome whole = train(cut, "whole");
  cut.trainer.max_epochs = 1;  // 50 rows in batches of 8: 6 steps
  EXPECT_EQ(train(cut, "cut").result.steps, 6);
  cut.trainer.max_epochs = -1;
  const Outcome second = train(cut, "cut");
  EXPECT_EQ(second.result.steps, 12);
  EXPECT_TRUE(all_parameters(second.model).equal(all_parameters(whole.model)));
}

TEST_F(TrainerTest, EverythingThatIsTrainedResumes) {
  TrainOptions o = options();
  o.model.optim.sched.name = "constant";
  o.exp_manager.ema.enable = true;
  o.model.loss.learn_temperature = true;
  o.model.lora = LoraOptions{.targets = {"query", "output"}};
  o.trainer.precision = "16";
  o.model.native_amp_init_scale = 1e30;  // the first steps overflow and are left out
  const Outcome whole = train(o, "whole");
  EXPECT_LT(values("whole", "loss_scale").back(), 1e30);
  o.trainer.max_steps = 6;
  train(o, "cut");
  o.trainer.max_steps = 12;
  EXPECT_TRUE(all_parameters(train(o, "cut").model).equal(all_parameters(whole.model)));
}

TEST_F(TrainerTest, MicroBatchesDoNotChangeTheRun) {
  TrainOptions o = options();
  o.model.micro_batch_size = 8;
  const Outcome whole = train(o, "whole");
  o.model.micro_batch_size = 2;
  const Outcome parts = train(o, "parts");
  EXPECT_LT((all_parameters(whole.model) - all_parameters(parts.model)).abs().max().item<double>(),
            2e-3);
}

TEST_F(TrainerTest, AFinishedRunHasNothingToDo) {
  const Outcome first = train(options(), "run");
  const std::string lines = metrics("run");
  const Outcome again = train(options(), "run");
  EXPECT_EQ(again.result.steps, 12);
  EXPECT_TRUE(all_parameters(again.model).equal(all_parameters(first.model)));
  EXPECT_EQ(metrics("run"), lines);
}

TEST_F(TrainerTest, TrainsWithoutNegativesAndWithoutValidation) {
  write_file_atomically(folder_ / "train.json",
                        "{\"question\": \"a b\", \"pos_doc\": \"b a\"}\n"
                        "{\"query\": \"c d\", \"pos_doc\": [\"d c\"]}\n");
  TrainOptions o = options();
  o.model.data.evaluation_sample_size = 0;
  o.model.global_batch_size = o.model.micro_batch_size = 2;
  EXPECT_EQ(train(o, "run").result.steps, 12);
}

TEST_F(TrainerTest, AFinishedRunLeavesItsBestAndItsLastModel) {
  TrainOptions o = options();
  o.trainer.val_check_interval = {std::int64_t{2}};
  o.exp_manager.checkpoint_callback_params.monitor = "val_mrr@10";
  o.exp_manager.checkpoint_callback_params.mode = "max";
  const Outcome outcome = train(o, "run");
  const SentenceModel last = load_model(folder_ / "run/last-model");
  EXPECT_TRUE(all_parameters(last).equal(all_parameters(outcome.model)));
  const SentenceModel nemo = load_model(folder_ / "run/checkpoints/megatron_bert.nemo");
  EXPECT_TRUE(all_parameters(nemo).equal(all_parameters(outcome.model)));
  EXPECT_EQ(load_model(folder_ / "run/best-model").prompts, outcome.model.prompts);

  o.exp_manager.checkpoint_callback_params.save_best_model = true;
  train(o, "run");
  EXPECT_TRUE(all_parameters(load_model(folder_ / "run/checkpoints/megatron_bert.nemo"))
                  .equal(all_parameters(load_model(folder_ / "run/best-model"))));
}

TEST_F(TrainerTest, FrozenPartsStayAsTheyWere) {
  TrainOptions o = options();
  o.model.freeze = "embeddings";
  const Outcome outcome = train(o, "run");
  const SentenceModel start = letter_model();
  const NamedTensors before = start.encoder.parameters();
  const NamedTensors after = outcome.model.encoder.parameters();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool is_frozen = before[i].name.starts_with("embeddings");
    EXPECT_EQ(before[i].tensor.equal(after[i].tensor), is_frozen) << before[i].name;
  }
}

TEST_F(TrainerTest, AdaptersAreMergedIntoWhatIsWritten) {
  TrainOptions o = options();
  o.model.lora = LoraOptions{};
  const Outcome outcome = train(o, "run");
  EXPECT_TRUE(outcome.model.encoder.lora_parameters().empty());
  EXPECT_TRUE(
      all_parameters(load_model(folder_ / "run/last-model")).equal(all_parameters(outcome.model)));
  EXPECT_FALSE(all_parameters(outcome.model).equal(all_parameters(letter_model())));
}

TEST_F(TrainerTest, TheMovingAverageIsWhatIsWritten) {
  TrainOptions o = options();
  const Outcome plain = train(o, "plain");
  o.exp_manager.ema = {.enable = true, .decay = 0.9};
  const Outcome averaged = train(o, "averaged");
  EXPECT_FALSE(all_parameters(averaged.model).equal(all_parameters(plain.model)));
  EXPECT_TRUE(all_parameters(load_model(folder_ / "averaged/last-model"))
                  .equal(all_parameters(averaged.model)));
  o.exp_manager.ema.decay = 0;  // the average is the last value
  EXPECT_TRUE(all_parameters(train(o, "newest").model).equal(all_parameters(plain.model)));
}

TEST_F(TrainerTest, RecomputationChangesNoBit) {
  TrainOptions o = options();
  const Outcome plain = train(o, "plain");
  o.model.activations_checkpoint_granularity = "full";
  EXPECT_TRUE(all_parameters(train(o, "recomputed").model).equal(all_parameters(plain.model)));
}

TEST_F(TrainerTest, ARunThatNoLongerGetsBetterEnds) {
  TrainOptions o = options();
  o.model.optim.lr = 0;
  o.trainer.max_steps = 100;
  o.exp_manager.create_early_stopping_callback = true;
  o.exp_manager.early_stopping_callback_params.patience = 2;
  const Outcome outcome = train(o, "run");
  EXPECT_EQ(outcome.result.end, RunEnd::kFinished);
  EXPECT_EQ(outcome.result.steps, 12);  // the first of three validations is the best
  EXPECT_EQ(train(o, "run").result.steps, 12);
  o.exp_manager.early_stopping_callback_params.patience = 3;
  EXPECT_EQ(train(o, "run").result.steps, 16);
}

TEST_F(TrainerTest, ARunWhoseTimeIsUpGoesOnNextTime) {
  TrainOptions o = options();
  const Outcome whole = train(o, "whole");
  o.exp_manager.max_time_per_run = "00:00:00:00";
  const Outcome none = train(o, "run");
  EXPECT_EQ(none.result.end, RunEnd::kTimeIsUp);
  EXPECT_EQ(none.result.steps, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/last-model"));
  o.exp_manager.max_time_per_run.reset();
  EXPECT_TRUE(all_parameters(train(o, "run").model).equal(all_parameters(whole.model)));
}

TEST_F(TrainerTest, EachObjectiveTrainsOnItsOwnRecords) {
  const auto rows = [](const char* more) {
    std::string lines;
    for (int i = 0; i < 20; ++i) {
      const auto letter = static_cast<char>('a' + i);
      lines += concat(R"({"question": ")", letter, R"( b", "pos_doc": ")", letter,
                      R"( c", "neg_doc": ["x )", letter, "\"]", more, "}\n");
    }
    return lines;
  };
  const std::pair<const char*, const char*> objectives[] = {
      {"softmax", R"(, "label": 1)"},
      {"cosine", R"(, "score": 0.5)"},
      {"triplet", ""},
      {"cosent", R"(, "score": 0.5)"},
      {"angle", R"(, "score": 0.5)"},
      {"margin_mse", R"(, "pos_scores": 0.9, "neg_scores": [0.2])"},
      {"distill_kl", R"(, "pos_scores": 0.9, "neg_scores": [0.2])"},
  };
  for (const auto& [name, more] : objectives) {
    write_file_atomically(folder_ / "train.json", rows(more));
    TrainOptions o = options();
    o.trainer.max_steps = 2;
    o.model.data.evaluation_sample_size = 4;
    o.model.loss.name = name;
    EXPECT_EQ(train(o, name).result.steps, 2) << name;
  }
  write_file_atomically(folder_ / "train.json", rows(""));
  TrainOptions o = options();
  o.model.loss.name = "cosine";
  EXPECT_THAT(refusal(o), HasSubstr("score"));
}

TEST_F(TrainerTest, EvaluatorsMeasureTheModelAtEachValidation) {
  write_file_atomically(folder_ / "pairs.tsv",
                        "score\ts1\ts2\n1\ta b\tb a\n0.1\ta b\tx y\n0.7\tc d\td e\n");
  TrainOptions o = options();
  o.trainer.evaluators = {{.task = "sts", .data = folder_ / "pairs.tsv", .name = "pairs"}};
  o.exp_manager.checkpoint_callback_params.monitor = "pairs/spearman_cosine";
  o.exp_manager.checkpoint_callback_params.mode = "max";
  train(o, "run");
  EXPECT_EQ(values("run", "pairs/spearman_cosine").size(), 3U);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/best-model"));
  o.exp_manager.checkpoint_callback_params.monitor = "pairs/other";
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { train(o, "other"); }),
              HasSubstr("gives no pairs/other; it gives val_loss"));
}

TEST_F(TrainerTest, AFinishedRunLeavesAPageToLookAt) {
  train(options(), "run");
  EXPECT_THAT(read_file(folder_ / "run/report.html"), HasSubstr("<svg"));
}

TEST_F(TrainerTest, WhatDoesNotFitTogetherIsSaid) {
  TrainOptions o = options();
  o.model.encoder_seq_length = 65;
  EXPECT_THAT(refusal(o), HasSubstr("positions (64): 65"));
  o = options();
  o.model.global_batch_size = 64;
  EXPECT_THAT(refusal(o), HasSubstr("50 rows are left to train on"));
  o = options();
  o.exp_manager.resume_ignore_no_checkpoint = false;
  EXPECT_THAT(refusal(o), HasSubstr("no checkpoint to resume from"));
}

TEST_F(TrainerTest, ACheckpointOfOtherDataIsNotResumed) {
  train(options(), "run");
  TrainOptions o = options();
  o.trainer.max_steps = 20;
  o.model.data.evaluation_sample_size = 5;
  EXPECT_THAT(refusal(o), HasSubstr("other data"));
}

TEST_F(TrainerTest, ALossThatIsNoNumberEndsTheRun) {
  SentenceModel model = letter_model();
  for (const NamedTensor& p : model.encoder.parameters())
    p.tensor.fill_(1e30);
  EXPECT_THAT(
      message_of(ErrorKind::kUsage, [&] { train_model(options(), folder_ / "run", model); }),
      HasSubstr("not finite at step 0"));
}

}  // namespace
}  // namespace sbert
