#include "sbert/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/named_tensor.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;

// Each question is two letters, its document the same letters among others.
std::string letter_data(int rows) {
  std::string json = "[";
  for (int i = 0; i < rows; ++i) {
    const auto letter = [&](int shift) { return static_cast<char>('a' + (i * 5 + shift) % 26); };
    json +=
        concat(i == 0 ? "" : ",\n", R"({"question": ")", letter(0), " ", letter(1),
               R"(", "pos_doc": [")", letter(1), " ", letter(2), " ", letter(0),
               R"("], "neg_doc": [")", letter(7), " ", letter(8), R"(", ")", letter(9), R"("]})");
  }
  return json + "]\n";
}

class TrainerTest : public testing::Test {
 protected:
  TrainerTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                concat("trainer_", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    write_file_atomically(folder_ / "train.json", letter_data(60));
  }

  TrainOptions options() const {
    TrainOptions o;
    o.restore_from_path = "unused";
    o.trainer.max_steps = 12;
    o.trainer.val_check_interval = 4;
    o.trainer.log_every_n_steps = 2;
    o.model.encoder_seq_length = 32;
    o.model.data.data_prefix = folder_ / "train.json";
    o.model.data.evaluation_sample_size = 10;
    o.model.data.query_prefix = o.model.data.passage_prefix = "";
    o.model.optim.lr = 1e-3;
    o.model.optim.sched = {.warmup_steps = 2, .constant_steps = 0, .min_lr = 0};
    return o;
  }

  static Tensor all_parameters(const SentenceModel& model) {
    std::vector<Tensor> flat;
    for (const NamedTensor& p : model.encoder.parameters())
      flat.push_back(p.tensor.detach().flatten());
    return at::cat(flat);
  }

  std::string metrics(const std::string& run) const {
    return read_file(folder_ / run / "metrics.jsonl");
  }

  std::filesystem::path folder_;
};

TEST_F(TrainerTest, TheValidationLossFalls) {
  TrainOptions o = options("run");
  o.trainer.max_steps = 60;
  o.trainer.val_check_interval = 20;
  SentenceModel model = letter_model();
  EXPECT_EQ(train_model(o, model), 60);
  std::vector<double> losses;
  const std::string lines = metrics("run");
  for (std::size_t at = lines.find("val_loss"); at != lines.npos;
       at = lines.find("val_loss", at + 1)) {
    losses.push_back(std::stod(lines.substr(at + std::string("val_loss\":").size())));
  }
  ASSERT_EQ(losses.size(), 3U);
  EXPECT_LT(losses[2], losses[0]);
}

TEST_F(TrainerTest, ThePrefixesBecomeTheModelsPrompts) {
  TrainOptions o = options("run");
  o.trainer.max_steps = 1;
  o.model.data.query_prefix = "query:";
  SentenceModel model = letter_model();
  train_model(o, model);
  EXPECT_EQ(query_prompt(model, ""), "query: ");
  EXPECT_EQ(document_prompt(model, ""), "");
}

TEST_F(TrainerTest, AResumedRunEndsWithTheSameBits) {
  SentenceModel whole = letter_model();
  train_model(options("whole"), whole);

  TrainOptions cut = options("cut");
  SentenceModel first = letter_model();
  cut.trainer.max_epochs = 1;  // 50 rows in batches of 8: 6 steps
  EXPECT_EQ(train_model(cut, first), 6);
  cut.trainer.max_epochs = -1;
  SentenceModel second = letter_model();
  EXPECT_EQ(train_model(cut, second), 12);
  EXPECT_TRUE(all_parameters(second).equal(all_parameters(whole)));
}

TEST_F(TrainerTest, MicroBatchesDoNotChangeTheRun) {
  TrainOptions o = options("whole");
  o.model.hidden_dropout = o.model.attention_dropout = 0;
  o.model.micro_batch_size = 8;
  SentenceModel whole = letter_model();
  train_model(o, whole);
  o.exp_manager.explicit_log_dir = folder_ / "parts";
  o.model.micro_batch_size = 2;
  SentenceModel parts = letter_model();
  train_model(o, parts);
  EXPECT_LT((all_parameters(whole) - all_parameters(parts)).abs().max().item<double>(), 2e-3);
}

TEST_F(TrainerTest, AFinishedRunHasNothingToDo) {
  SentenceModel model = letter_model();
  train_model(options("run"), model);
  const Tensor trained = all_parameters(model).clone();
  const std::string lines = metrics("run");
  SentenceModel again = letter_model();
  EXPECT_EQ(train_model(options("run"), again), 12);
  EXPECT_TRUE(all_parameters(again).equal(trained));
  EXPECT_EQ(metrics("run"), lines);
}

TEST_F(TrainerTest, TrainsWithoutNegativesAndWithoutValidation) {
  write_file_atomically(folder_ / "train.json",
                        "{\"question\": \"a b\", \"pos_doc\": \"b a\"}\n"
                        "{\"query\": \"c d\", \"pos_doc\": [\"d c\"]}\n");
  TrainOptions o = options("run");
  o.model.data.evaluation_sample_size = 0;
  o.model.global_batch_size = o.model.micro_batch_size = 2;
  SentenceModel model = letter_model();
  EXPECT_EQ(train_model(o, model), 12);
}

std::string refusal(const TrainOptions& options) {
  SentenceModel model = letter_model();
  try {
    train_model(options, model);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(TrainerTest, WhatDoesNotFitTogetherIsSaid) {
  TrainOptions o = options("run");
  o.model.encoder_seq_length = 65;
  EXPECT_THAT(refusal(o), HasSubstr("positions (64): 65"));
  o = options("run");
  o.model.global_batch_size = 64;
  EXPECT_THAT(refusal(o), HasSubstr("50 rows are left to train on"));
  o = options("run");
  o.exp_manager.resume_ignore_no_checkpoint = false;
  EXPECT_THAT(refusal(o), HasSubstr("no checkpoint to resume from"));
}

TEST_F(TrainerTest, ACheckpointOfOtherDataIsNotResumed) {
  SentenceModel model = letter_model();
  train_model(options("run"), model);
  TrainOptions o = options("run");
  o.trainer.max_steps = 20;
  o.model.data.evaluation_sample_size = 5;
  EXPECT_THAT(refusal(o), HasSubstr("other data"));
}

TEST_F(TrainerTest, ALossThatIsNoNumberEndsTheRun) {
  TrainOptions o = options("run");
  o.model.optim.lr = 999;
  o.trainer.gradient_clip_val = 0;
  o.model.optim.sched.warmup_steps = 0;
  o.trainer.max_steps = 200;
  SentenceModel model = letter_model();
  for (const NamedTensor& p : model.encoder.parameters())
    p.tensor.fill_(1e30);
  try {
    train_model(o, model);
    FAIL() << "a run on infinities";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("not finite at step 0"));
  }
}

}  // namespace
}  // namespace sbert
