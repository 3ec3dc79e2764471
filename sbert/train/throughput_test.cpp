#include "sbert/train/throughput.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

MicroBatch batch_of(std::size_t tokens) {
  MicroBatch batch;
  batch.tokens.append(std::vector<std::int32_t>(tokens, 1));
  return batch;
}

std::map<std::string, double> by_name(const Metrics& metrics) {
  return {metrics.begin(), metrics.end()};
}

// A stretch of training of at least a moment.
PhaseClock some_time() {
  PhaseClock clock;
  clock.enter(Phase::kGradient);
  while (clock.training() <= 0)
    clock.enter(Phase::kGradient);
  clock.enter(Phase::kOther);
  return clock;
}

TEST(PhaseClock, SharesAddUpToOneAndTrainingLeavesValidationOut) {
  PhaseClock clock;
  volatile double sink = 0;
  for (const Phase phase :
       {Phase::kData, Phase::kGradient, Phase::kOptimizer, Phase::kValidation, Phase::kMining}) {
    clock.enter(phase);
    for (int i = 0; i < 100'000; ++i)
      sink = sink + i;
  }
  clock.enter(Phase::kOther);
  double sum = 0;
  for (const auto& [name, share] : clock.shares()) {
    EXPECT_GE(share, 0) << name;
    sum += share;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_GT(clock.seconds(Phase::kValidation), 0);
  EXPECT_GT(clock.seconds(Phase::kMining), 0);
  EXPECT_LT(clock.training() + clock.seconds(Phase::kMining), clock.total());
  clock.restart();
  EXPECT_EQ(clock.training(), 0);
}

TEST(Throughput, IsOfTheUpdatesSinceTheLastLine) {
  const PhaseClock clock = some_time();
  Throughput throughput(alone());
  throughput.add({batch_of(1000)});
  throughput.restart();
  throughput.add({batch_of(30), batch_of(20)});
  throughput.add({batch_of(50)});
  const auto metrics = by_name(throughput.metrics(clock));
  EXPECT_DOUBLE_EQ(metrics.at("train_step_timing in s"), clock.training() / 2);
  EXPECT_DOUBLE_EQ(metrics.at("tokens_per_second"), 100 / clock.training());
  EXPECT_TRUE(metrics.contains("time_share/gradient"));
  EXPECT_FALSE(metrics.contains("communication_wait_share"));
}

TEST(Throughput, CountsTheTokensOfAllProcessesAndWhatThisOneSent) {
  on_each_rank(2, [](ProcessGroup& group) {
    const PhaseClock clock = some_time();
    Throughput throughput(group);
    group.sum({at::ones({1000}, at::kFloat)});
    throughput.restart();
    group.sum({at::ones({500}, at::kFloat)});
    throughput.add({batch_of(group.is_leader() ? 10 : 5)});
    throughput.add({});
    const auto metrics = by_name(throughput.metrics(clock));
    EXPECT_DOUBLE_EQ(metrics.at("tokens_per_second"), 15 / clock.training());
    EXPECT_EQ(metrics.at("communication_bytes_per_step"), 1000);
    EXPECT_GT(metrics.at("communication_wait_share"), 0);
  });
}

}  // namespace
}  // namespace sbert
