#include "sbert/train/mining_options.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "sbert/config/options.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

TrainingMiningOptions every(std::int64_t steps, std::int64_t start) {
  TrainingMiningOptions options;
  options.refresh_every_n_steps = steps;
  options.start_step = start;
  return options;
}

TEST(TrainingMiningOptions, RefreshesComeFromTheStartEverySoManySteps) {
  const TrainingMiningOptions options = every(10, 5);
  std::vector<std::int64_t> refreshes;
  for (std::int64_t step = 0; step < 40; ++step) {
    if (options.last_refresh(step) == step) refreshes.push_back(step);
  }
  EXPECT_THAT(refreshes, testing::ElementsAre(5, 15, 25, 35));
  EXPECT_EQ(options.last_refresh(4), -1);
  EXPECT_EQ(options.last_refresh(14), 5);
  EXPECT_EQ(options.last_refresh(15), 15);
  EXPECT_EQ(options.next_refresh(0), 5);
  EXPECT_EQ(options.next_refresh(5), 15);
  EXPECT_EQ(options.next_refresh(14), 15);
}

TEST(TrainingMiningOptions, TheFirstRefreshMayComeBeforeTheFirstUpdate) {
  EXPECT_EQ(every(10, 0).last_refresh(0), 0);
  EXPECT_EQ(every(10, 0).last_refresh(-1), -1);
}

TEST(TrainingMiningOptions, OffThereIsNone) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(TrainingMiningOptions().last_refresh(100), -1);
  EXPECT_EQ(TrainingMiningOptions().next_refresh(100), kNever);
  EXPECT_EQ(every(kNever, 3).next_refresh(3), kNever);
}

TEST(TrainingMiningOptions, AreReadWithTheFilters) {
  const ConfigNode tree = parse_yaml(
      "{refresh_every_n_steps: 50, pool: corpus.jsonl, range_min: 5, topk_percpos: 0.95, "
      "mix: {old: 0.25}}");
  const auto options = read_options<TrainingMiningOptions>(tree, "");
  EXPECT_EQ(options.refresh_every_n_steps, 50);
  EXPECT_EQ(options.pool, "corpus.jsonl");
  EXPECT_EQ(options.range_min, 5);
  EXPECT_EQ(options.topk_percpos, 0.95);
  EXPECT_EQ(options.mix.old, 0.25);
}

template <typename Set>
std::string refusal(Set&& set) {
  TrainingMiningOptions options = every(10, 0);
  set(options);
  return message_of(ErrorKind::kUsage, [&] { options.validate(); });
}

TEST(TrainingMiningOptions, WhatIsOutOfRangeIsRefused) {
  EXPECT_NO_THROW(every(10, 0).validate());
  EXPECT_EQ(refusal([](auto& o) { o.refresh_every_n_steps = -1; }),
            "model.mining.refresh_every_n_steps must be at least 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.start_step = -1; }),
            "model.mining.start_step must be at least 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.max_pool = -1; }),
            "model.mining.max_pool must be at least 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.mix.old = -0.5; }),
            "model.mining.mix.old must be from 0 to 1: -0.5");
  EXPECT_EQ(refusal([](auto& o) { o.mix.random = std::numeric_limits<double>::quiet_NaN(); }),
            "model.mining.mix.random must be from 0 to 1: nan");
  EXPECT_EQ(refusal([](auto& o) { o.mix.old = o.mix.random = 0.75; }),
            "model.mining.mix.old and model.mining.mix.random must be at most 1 together: 1.5");
  EXPECT_EQ(refusal([](auto& o) { o.num_negatives = 0; }),
            "model.mining: num_negatives must be at least 1: 0");
}

}  // namespace
}  // namespace sbert
