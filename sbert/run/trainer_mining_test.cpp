// Training with negatives that are mined again and again (model.mining), from end to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/run/trainer.h"
#include "sbert/run/trainer_test_fixture.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TrainerMiningTest : public TrainerTest {
 protected:
  // 50 rows in batches of 8: epochs of 6 steps.
  TrainOptions options_with_mining(std::int64_t every, std::int64_t start = 0) const {
    TrainOptions o = options();
    o.model.optim.sched.name = "constant";
    o.model.mining.refresh_every_n_steps = every;
    o.model.mining.start_step = start;
    o.model.mining.near_duplicate = 0;
    return o;
  }

  std::vector<std::string> mined_files(const std::string& run) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / run / "checkpoints")) {
      if (entry.path().extension() == ".negatives") names.push_back(entry.path().filename());
    }
    return names;
  }
};

TEST_F(TrainerMiningTest, NegativesAreMinedFromTheStartEverySoManySteps) {
  TrainOptions o = options_with_mining(4, 2);
  o.trainer.log_every_n_steps = 1;
  o.model.data.no_duplicates =
      false;  // rows that collide move within windows, which end at a refresh
  train(o, "mined");
  const std::vector<double> changed = values("mined", "mining/changed");
  ASSERT_EQ(changed.size(), 3U);  // at steps 2, 6, 10
  EXPECT_EQ(changed[0], 1);
  EXPECT_LT(changed[1], 1);
  EXPECT_EQ(values("mined", "mining/mean_margin").size(), 3U);
  EXPECT_EQ(values("mined", "mining/negatives").front(), 4);
  EXPECT_THAT(metrics("mined"), HasSubstr("time_share/mining"));
  EXPECT_THAT(mined_files("mined"), ElementsAre("megatron_bert--step=10.negatives"));

  o.model.mining = {};
  train(o, "plain");
  const std::vector<double> with = values("mined", "reduced_train_loss");
  const std::vector<double> without = values("plain", "reduced_train_loss");
  EXPECT_EQ(with[0], without[0]);
  EXPECT_EQ(with[1], without[1]);
  EXPECT_NE(with[2], without[2]);
}

TEST_F(TrainerMiningTest, AResumedRunEndsWithTheSameBitsAndMetrics) {
  TrainOptions o = options_with_mining(3, 1);
  o.model.mining.mix = {.old = 0.25, .random = 0.25};
  o.model.mining.sampling = Sampling::kRandom;
  o.model.mining.max_pool = 40;
  o.model.loss.memory_size = 40;
  o.exp_manager.ema.enable = true;
  o.trainer.log_every_n_steps = 1;
  const TrainResult whole = train(o, "whole");
  // Checkpoints before a refresh is due (1, 4), right after the update that follows one (5),
  // between.
  for (const std::int64_t steps : {1, 4, 5, 9, 12}) {
    o.trainer.max_steps = steps;
    EXPECT_EQ(train(o, "cut").steps, steps);
  }
  EXPECT_TRUE(all_parameters(train(o, "cut").model) == all_parameters(whole.model));
  EXPECT_EQ(values("cut", "mining/changed"), values("whole", "mining/changed"));
  EXPECT_EQ(values("cut", "mining/mean_margin"), values("whole", "mining/mean_margin"));
  EXPECT_EQ(values("cut", "reduced_train_loss"), values("whole", "reduced_train_loss"));
  EXPECT_EQ(mined_files("cut"), mined_files("whole"));
}

TEST_F(TrainerMiningTest, ADifferenceInNegativesIsADifferenceInTheRun) {
  TrainOptions o = options_with_mining(6);
  const TrainResult mined = train(o, "mined");
  o.model.mining.mix.random = 1;
  EXPECT_FALSE(all_parameters(train(o, "random").model) == all_parameters(mined.model));
}

TEST_F(TrainerMiningTest, EachPositiveAsARowAndPairsOfSentencesMineToo) {
  TrainOptions o = options_with_mining(5);
  o.model.data.positives = PositiveChoice::kAll;
  EXPECT_EQ(train(o, "all").steps, 12);

  std::string pairs;
  for (int i = 0; i < 20; ++i) {
    const auto letter = static_cast<char>('a' + i);
    pairs += concat(R"({"sentence1": ")", letter, R"( b", "sentence2": ")", letter, " c\"}\n");
  }
  write_file_atomically(folder_ / "train.json", pairs);
  o = options_with_mining(5);
  o.model.data.evaluation_sample_size = 4;
  EXPECT_EQ(train(o, "pairs").steps, 12);
  EXPECT_EQ(values("pairs", "mining/negatives").front(), 4);
}

TEST_F(TrainerMiningTest, WithoutTheMinedNegativesOfItsCheckpointARunDoesNotGoOn) {
  TrainOptions o = options_with_mining(4);
  o.trainer.max_steps = 6;
  train(o, "run");
  const std::filesystem::path file = folder_ / "run/checkpoints/megatron_bert--step=4.negatives";
  const std::string bytes = read_file(file);
  std::filesystem::remove(file);
  train(o, "run");  // has nothing to do
  o.trainer.max_steps = 8;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { train(o, "run"); }), HasSubstr("step=4.negatives"));
  write_file_atomically(file, bytes.substr(0, bytes.size() - 8));
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { train(o, "run"); }),
              HasSubstr("step=4.negatives"));
  write_file_atomically(file, bytes);
  EXPECT_EQ(train(o, "run").steps, 8);
}

TEST_F(TrainerMiningTest, ACheckpointOfOtherMiningIsNotResumed) {
  TrainOptions o = options_with_mining(4);
  train(o, "run");
  o.trainer.max_steps = 20;
  o.model.mining.range_min = 3;
  EXPECT_THAT(refusal(o), HasSubstr("other data"));
}

TEST_F(TrainerMiningTest, AnotherRunInTheFolderStartsWithoutTheOldNegatives) {
  train(options_with_mining(4), "run");
  write_file_atomically(folder_ / "run/checkpoints/megatron_bert--step=99.negatives", "stale");
  TrainOptions o = options_with_mining(4, 3);
  o.exp_manager.resume_if_exists = false;
  train(o, "run");
  EXPECT_THAT(mined_files("run"), ElementsAre("megatron_bert--step=11.negatives"));
}

}  // namespace
}  // namespace sbert
