#include "sbert/run/trainer.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/checkpoint/model_files.h"
#include "sbert/model/parameter_specs.h"
#include "sbert/run/trainer_test_fixture.h"

namespace sbert {
namespace {

using testing::HasSubstr;

// Of the parameters that have a gradient. A key's bias has none, since softmax takes out what all
// scores of a query have in common: AdamW makes steps of whole learning rates out of its rounding.
double largest_difference(const TextModel& a, const TextModel& b) {
  const std::vector<ParameterSpec> specs = parameter_specs(a.encoder);
  double largest = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].role == ParameterRole::kKey && specs[i].is_bias) continue;
    const float* const x = a.weights[i].floats();
    const float* const y = b.weights[i].floats();
    for (std::int64_t j = 0; j < a.weights[i].num_elements(); ++j)
      largest = std::max(largest, std::abs(static_cast<double>(x[j]) - y[j]));
  }
  return largest;
}

TEST_F(TrainerTest, TextsThatAreCutAreCountedOnceARun) {
  TrainOptions short_texts = options();
  short_texts.model.encoder_seq_length = 4;  // a document has three letters
  testing::internal::CaptureStderr();
  train_model(short_texts, folder_ / "run", letter_model(), c10::Device(c10::kCPU), {pool_, {}});
  const std::string notes = testing::internal::GetCapturedStderr();
  const std::string words = " texts were cut at 4 tokens";
  EXPECT_THAT(notes, testing::ContainsRegex("[0-9]+ of [0-9]+" + words));
  EXPECT_EQ(notes.find(words), notes.rfind(words));
}

TEST_F(TrainerTest, TheValidationLossFalls) {
  TrainOptions o = options();
  o.trainer.max_steps = 60;
  o.trainer.val_check_interval = {std::int64_t{20}};
  EXPECT_EQ(train(o, "run").steps, 60);
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
  const TrainResult outcome = train(o, "run");
  EXPECT_EQ(query_prompt(outcome.model.card, ""), "query: ");
  EXPECT_EQ(document_prompt(outcome.model.card, ""), "");
  EXPECT_TRUE(outcome.model.card.prompts.contains("passage"));
  EXPECT_TRUE(outcome.model.card.prompts.contains("document"));
}

TEST_F(TrainerTest, AResumedRunEndsWithTheSameBits) {
  TrainOptions cut = options();
  cut.model.optim.sched.name = "constant";  // the schedule of one epoch is that of two
  const TrainResult whole = train(cut, "whole");
  cut.trainer.max_epochs = 1;  // 50 rows in batches of 8: 6 steps
  EXPECT_EQ(train(cut, "cut").steps, 6);
  cut.trainer.max_epochs = -1;
  const TrainResult second = train(cut, "cut");
  EXPECT_EQ(second.steps, 12);
  EXPECT_TRUE(all_parameters(second.model) == all_parameters(whole.model));
}

TEST_F(TrainerTest, EverythingThatIsTrainedResumes) {
  TrainOptions o = options();
  o.model.optim.sched.name = "constant";
  o.exp_manager.ema.enable = true;
  o.model.loss.learn_temperature = true;
  o.model.lora = LoraOptions{.targets = {"query", "output"}};
  o.trainer.precision = TrainerPrecision::k16;
  o.model.native_amp_init_scale = 1e30;  // the first steps overflow and are left out
  const TrainResult whole = train(o, "whole");
  EXPECT_LT(values("whole", "loss_scale").back(), 1e30);
  o.trainer.max_steps = 6;
  train(o, "cut");
  o.trainer.max_steps = 12;
  EXPECT_TRUE(all_parameters(train(o, "cut").model) == all_parameters(whole.model));
}

TEST_F(TrainerTest, MicroBatchesDoNotChangeTheRun) {
  TrainOptions o = options();
  o.model.micro_batch_size = 8;
  const TrainResult whole = train(o, "whole");
  o.model.micro_batch_size = 2;
  const TrainResult parts = train(o, "parts");
  // The sums are parted otherwise, so gradients differ in their last bits, of which AdamW, dividing
  // by the gradients' size, makes up to a hundredth of a step of lr, 1e-3. A batch with other
  // negatives changes weights by whole steps.
  EXPECT_LT(largest_difference(whole.model, parts.model), 1e-4);
}

TEST_F(TrainerTest, AFinishedRunHasNothingToDo) {
  const TrainResult first = train(options(), "run");
  const std::string lines = metrics("run");
  const TrainResult again = train(options(), "run");
  EXPECT_EQ(again.steps, 12);
  EXPECT_TRUE(all_parameters(again.model) == all_parameters(first.model));
  EXPECT_EQ(metrics("run"), lines);
}

TEST_F(TrainerTest, TrainsWithoutNegativesAndWithoutValidation) {
  write_file_atomically(folder_ / "train.json",
                        "{\"question\": \"a b\", \"pos_doc\": \"b a\"}\n"
                        "{\"query\": \"c d\", \"pos_doc\": [\"d c\"]}\n");
  TrainOptions o = options();
  o.model.data.evaluation_sample_size = 0;
  o.model.global_batch_size = o.model.micro_batch_size = 2;
  EXPECT_EQ(train(o, "run").steps, 12);
}

TEST_F(TrainerTest, AFinishedRunLeavesItsBestAndItsLastModel) {
  TrainOptions o = options();
  o.trainer.val_check_interval = {std::int64_t{2}};
  o.exp_manager.checkpoint_callback_params.monitor = "val_mrr@10";
  o.exp_manager.checkpoint_callback_params.mode = MetricMode::kMax;
  const TrainResult outcome = train(o, "run");
  const TextModel last = load_model(folder_ / "run/last-model");
  EXPECT_TRUE(all_parameters(last) == all_parameters(outcome.model));
  const TextModel nemo = load_model(folder_ / "run/checkpoints/megatron_bert.nemo");
  EXPECT_TRUE(all_parameters(nemo) == all_parameters(outcome.model));
  EXPECT_EQ(load_model(folder_ / "run/best-model").card.prompts, outcome.model.card.prompts);

  o.exp_manager.checkpoint_callback_params.save_best_model = true;
  train(o, "run");
  EXPECT_TRUE(all_parameters(load_model(folder_ / "run/checkpoints/megatron_bert.nemo")) ==
              all_parameters(load_model(folder_ / "run/best-model")));
}

TEST_F(TrainerTest, FrozenPartsStayAsTheyWere) {
  TrainOptions o = options();
  o.model.freeze.text = "embeddings";
  const TrainResult outcome = train(o, "run");
  const TextModel start = letter_model();
  const std::vector<ParameterSpec> specs = parameter_specs(start.encoder);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(start.weights[i].bytes == outcome.model.weights[i].bytes,
              is_of_embeddings(specs[i].role))
        << specs[i].name;
  }
}

TEST_F(TrainerTest, ARunThatWouldTrainNothingIsRefused) {
  TrainOptions o = options();
  o.model.freeze.text = "embeddings,layers.0-1";
  EXPECT_EQ(refusal(o),
            "model.freeze leaves nothing to train; the model has embeddings and layers.0-1: "
            "embeddings,layers.0-1");
}

TEST_F(TrainerTest, AdaptersAreMergedIntoWhatIsWritten) {
  TrainOptions o = options();
  o.model.lora = LoraOptions{};
  const TrainResult outcome = train(o, "run");
  EXPECT_TRUE(all_parameters(load_model(folder_ / "run/last-model")) ==
              all_parameters(outcome.model));
  EXPECT_FALSE(all_parameters(outcome.model) == all_parameters(letter_model()));
}

TEST_F(TrainerTest, TheMovingAverageIsWhatIsWritten) {
  TrainOptions o = options();
  const TrainResult plain = train(o, "plain");
  o.exp_manager.ema = {.enable = true, .decay = 0.9};
  const TrainResult averaged = train(o, "averaged");
  EXPECT_FALSE(all_parameters(averaged.model) == all_parameters(plain.model));
  EXPECT_TRUE(all_parameters(load_model(folder_ / "averaged/last-model")) ==
              all_parameters(averaged.model));
  o.exp_manager.ema.decay = 0;  // the average is the last value
  EXPECT_TRUE(all_parameters(train(o, "newest").model) == all_parameters(plain.model));
}

TEST_F(TrainerTest, RecomputationChangesNoBit) {
  TrainOptions o = options();
  const TrainResult plain = train(o, "plain");
  o.model.activations_checkpoint_granularity = RecomputeGranularity::kFull;
  EXPECT_TRUE(all_parameters(train(o, "recomputed").model) == all_parameters(plain.model));
}

TEST_F(TrainerTest, ARunThatNoLongerGetsBetterEnds) {
  TrainOptions o = options();
  o.model.optim.lr = 0;
  o.trainer.max_steps = 100;
  o.exp_manager.create_early_stopping_callback = true;
  o.exp_manager.early_stopping_callback_params.patience = 2;
  const TrainResult outcome = train(o, "run");
  EXPECT_EQ(outcome.end, RunEnd::kFinished);
  EXPECT_EQ(outcome.steps, 12);  // the first of three validations is the best
  EXPECT_EQ(train(o, "run").steps, 12);
  o.exp_manager.early_stopping_callback_params.patience = 3;
  EXPECT_EQ(train(o, "run").steps, 16);
}

TEST_F(TrainerTest, ARunWhoseTimeIsUpGoesOnNextTime) {
  TrainOptions o = options();
  const TrainResult whole = train(o, "whole");
  o.exp_manager.max_time_per_run = "00:00:00:00";
  const TrainResult none = train(o, "run");
  EXPECT_EQ(none.end, RunEnd::kTimeIsUp);
  EXPECT_EQ(none.steps, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/last-model"));
  o.exp_manager.max_time_per_run.reset();
  EXPECT_TRUE(all_parameters(train(o, "run").model) == all_parameters(whole.model));
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
    o.model.loss.name = parse_enum<LossKind>("name", name);
    EXPECT_EQ(train(o, name).steps, 2) << name;
  }
  write_file_atomically(folder_ / "train.json", rows(""));
  TrainOptions o = options();
  o.model.loss.name = LossKind::kCosine;
  EXPECT_THAT(refusal(o), HasSubstr("score"));
}

TEST_F(TrainerTest, EvaluatorsMeasureTheModelAtEachValidation) {
  write_file_atomically(folder_ / "pairs.tsv",
                        "score\ts1\ts2\n1\ta b\tb a\n0.1\ta b\tx y\n0.7\tc d\td e\n");
  TrainOptions o = options();
  o.trainer.evaluators = {{.task = "sts", .data = folder_ / "pairs.tsv", .name = "pairs"}};
  o.exp_manager.checkpoint_callback_params.monitor = "pairs/spearman_cosine";
  o.exp_manager.checkpoint_callback_params.mode = MetricMode::kMax;
  train(o, "run");
  EXPECT_EQ(values("run", "pairs/spearman_cosine").size(), 3U);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/best-model"));
  o.exp_manager.checkpoint_callback_params.monitor = "pairs/other";
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { train(o, "other"); }),
              HasSubstr("gives no pairs/other; it gives val_loss"));
}

TEST_F(TrainerTest, TheStartIsLeftAsItWas) {
  const TextModel start = letter_model();
  const TrainResult outcome = train(options(), "run", start);
  EXPECT_TRUE(all_parameters(start) == all_parameters(letter_model()));
  EXPECT_TRUE(start.card.prompts.empty());
  EXPECT_FALSE(all_parameters(start) == all_parameters(outcome.model));
}

TEST_F(TrainerTest, ARunThatIsAskedToStopSavesItsStateAndResumes) {
  const TrainOptions o = options();
  const TrainResult whole = train(o, "whole");
  StopSource source;
  source.request_stop();
  const TrainResult stopped = train(o, "run", letter_model(), source.token());
  EXPECT_EQ(stopped.end, RunEnd::kAskedToStop);
  EXPECT_EQ(stopped.steps, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/last-model"));
  EXPECT_TRUE(all_parameters(train(o, "run").model) == all_parameters(whole.model));
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
  TextModel model = letter_model();
  for (Weight& weight : model.weights) {
    const std::vector<float> values(static_cast<std::size_t>(weight.num_elements()), 1e30F);
    weight = make_weight(weight.name, weight.shape, values);
  }
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { train(options(), "run", model); }),
              HasSubstr("not finite at step 0"));
}

}  // namespace
}  // namespace sbert
