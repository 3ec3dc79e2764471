#include "sbert/train/phase_clock.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

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

}  // namespace
}  // namespace sbert
