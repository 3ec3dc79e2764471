// Training with a memory of earlier batches (model.loss.memory_size), from end to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/run/trainer.h"
#include "sbert/run/trainer_test_fixture.h"

namespace sbert {
namespace {

class TrainerMemoryTest : public TrainerTest {
 protected:
  // Batches of 8 questions with 16 negatives: the memory wraps around in the second update.
  TrainOptions options_with_memory(std::int64_t size) const {
    TrainOptions o = options();
    o.model.loss.memory_size = size;
    return o;
  }
};

TEST_F(TrainerMemoryTest, ChangesTheRunFromTheUpdateAfterItsStart) {
  TrainOptions o = options_with_memory(40);
  o.trainer.log_every_n_steps = 1;
  o.model.loss.memory_start_step = 3;
  train(o, "memory");
  o.model.loss.memory_size = o.model.loss.memory_start_step = 0;
  train(o, "plain");
  const std::vector<double> with = values("memory", "reduced_train_loss");
  const std::vector<double> without = values("plain", "reduced_train_loss");
  ASSERT_EQ(with.size(), 12U);
  for (std::size_t step = 0; step <= 3; ++step)
    EXPECT_EQ(with[step], without[step]) << step;
  EXPECT_GT(with[4], without[4]);  // the same weights, more documents to tell apart
}

TEST_F(TrainerMemoryTest, AResumedRunEndsWithTheSameBits) {
  TrainOptions o = options_with_memory(40);
  o.model.optim.sched.name = "constant";
  o.model.loss.memory_start_step = 1;
  const TrainResult whole = train(o, "whole");
  for (const std::int64_t steps : {1, 2, 5, 12}) {
    o.trainer.max_steps = steps;
    EXPECT_EQ(train(o, "cut").steps, steps);
  }
  EXPECT_TRUE(all_parameters(train(o, "cut").model) == all_parameters(whole.model));
}

TEST_F(TrainerMemoryTest, IsThatOfTheGlobalBatch) {
  TrainOptions o = options_with_memory(100);
  o.trainer.log_every_n_steps = 1;
  o.trainer.max_steps = 3;
  o.model.optim.lr = 1e-5;
  for (const std::int64_t size : {8, 2}) {
    o.model.micro_batch_size = size;
    train(o, concat("micro", size));
  }
  const std::vector<double> whole = values("micro8", "reduced_train_loss");
  const std::vector<double> parts = values("micro2", "reduced_train_loss");
  ASSERT_EQ(whole.size(), 3U);
  for (std::size_t step = 0; step < 3; ++step)
    EXPECT_NEAR(parts[step], whole[step], 1e-4 * whole[step]);
}

// Each question stands in several records, and each document answers several questions.
std::string repeated_data() {
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    const auto letter = [&](int k) { return static_cast<char>('a' + k % 26); };
    lines += concat(R"({"question": ")", letter(i % 5), R"(", "pos_doc": [")", letter(i % 7 + 5),
                    " ", letter(i % 3), "\"]}\n");
  }
  return lines;
}

TEST_F(TrainerMemoryTest, LeavesOutWhatTheDataNamesAsPositivesHoweverTheBatchIsCut) {
  write_file_atomically(folder_ / "repeated.jsonl", repeated_data());
  TrainOptions o = options_with_memory(100);
  o.model.data.data_prefix = folder_ / "repeated.jsonl";
  o.trainer.log_every_n_steps = 1;
  o.trainer.max_steps = 3;
  o.model.optim.lr = 1e-5;
  for (const std::int64_t size : {8, 2}) {
    o.model.micro_batch_size = size;
    train(o, concat("micro", size));
  }
  o.model.loss.mask_known_positives = false;
  train(o, "unmasked");
  const std::vector<double> whole = values("micro8", "reduced_train_loss");
  const std::vector<double> parts = values("micro2", "reduced_train_loss");
  const std::vector<double> unmasked = values("unmasked", "reduced_train_loss");
  ASSERT_EQ(whole.size(), 3U);
  for (std::size_t step = 0; step < 3; ++step) {
    EXPECT_NEAR(parts[step], whole[step], 1e-4 * whole[step]);
    EXPECT_LT(whole[step], unmasked[step]);
    EXPECT_GT(values("micro8", "left_out_negatives")[step], 0);
    EXPECT_EQ(values("unmasked", "left_out_negatives")[step], 0);
  }
  EXPECT_EQ(values("micro8", "left_out_negatives"), values("micro2", "left_out_negatives"));
}

TEST_F(TrainerMemoryTest, AStateOfAnotherSizeIsRefused) {
  TrainOptions o = options_with_memory(40);
  train(o, "run");
  o.trainer.max_steps = 20;
  o.model.loss.memory_size = 41;
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { train(o, "run"); }),
              testing::HasSubstr("model.loss.memory_size: was 40, now 41"));
}

}  // namespace
}  // namespace sbert
