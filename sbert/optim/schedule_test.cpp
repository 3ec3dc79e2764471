#include "sbert/optim/schedule.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::HasSubstr;

constexpr double kPeak = 1e-3;

double rate(const ScheduleOptions& options, std::int64_t step) {
  return cosine_annealing(options, kPeak, 1'000, step);
}

TEST(CosineAnnealing, WithAConstantTailStartsFromZero) {
  const ScheduleOptions options{.warmup_steps = 100, .constant_steps = 400, .min_lr = 1e-5};
  EXPECT_DOUBLE_EQ(rate(options, 0), 0.0);
  EXPECT_DOUBLE_EQ(rate(options, 50), kPeak / 2);
  EXPECT_DOUBLE_EQ(rate(options, 100), kPeak);
  EXPECT_DOUBLE_EQ(rate(options, 350), 1e-5 + 0.5 * (kPeak - 1e-5));  // half of the cosine
  EXPECT_NEAR(rate(options, 225), 1e-5 + 0.5 * (1 + std::sqrt(0.5)) * (kPeak - 1e-5), 1e-18);
  EXPECT_DOUBLE_EQ(rate(options, 600), 1e-5);
  EXPECT_DOUBLE_EQ(rate(options, 601), 1e-5);
  EXPECT_DOUBLE_EQ(rate(options, 5'000), 1e-5);
}

TEST(CosineAnnealing, WithoutATailDoesNotStartFromZero) {
  const ScheduleOptions options{.warmup_steps = 9, .constant_steps = 0, .min_lr = 0};
  EXPECT_DOUBLE_EQ(rate(options, 0), kPeak / 10);
  EXPECT_DOUBLE_EQ(rate(options, 9), kPeak);
  const double share = (500.0 - 9) / (1'000 - 9);
  EXPECT_DOUBLE_EQ(rate(options, 500), kPeak * 0.5 * (1 + std::cos(std::numbers::pi * share)));
  EXPECT_NEAR(rate(options, 1'000), 0, 1e-18);
  EXPECT_DOUBLE_EQ(rate(options, 1'001), 0);
}

TEST(CosineAnnealing, NoWarmUpBeginsAtThePeak) {
  EXPECT_DOUBLE_EQ(rate({.warmup_steps = 0, .constant_steps = 0, .min_lr = 0}, 0), kPeak);
  EXPECT_DOUBLE_EQ(rate({.warmup_steps = 0, .constant_steps = 10, .min_lr = 0}, 0), kPeak);
}

TEST(CosineAnnealing, ARunShorterThanItsTailIsAtTheMinimumAfterWarmUp) {
  const ScheduleOptions options{.warmup_steps = 100, .constant_steps = 50'000, .min_lr = 1e-5};
  EXPECT_DOUBLE_EQ(rate(options, 100), kPeak);
  EXPECT_DOUBLE_EQ(rate(options, 101), 1e-5);
}

double rate_by_name(const ScheduleOptions& options, std::int64_t step) {
  return learning_rate(options, kPeak, 1'000, step);
}

TEST(LearningRate, GoesByTheSchedulesName) {
  ScheduleOptions options{.warmup_steps = 100, .constant_steps = 400, .min_lr = 1e-5};
  EXPECT_DOUBLE_EQ(rate_by_name(options, 225), rate(options, 225));
  options.name = "linear";
  const double linear = rate_by_name(options, 225);
  EXPECT_NE(linear, rate(options, 225));
  options.name = "WarmupAnnealing";
  EXPECT_DOUBLE_EQ(rate_by_name(options, 225), linear);
  options.name = "constant";
  EXPECT_DOUBLE_EQ(rate_by_name(options, 225), kPeak);
  options.name = "WarmupHold";
  EXPECT_DOUBLE_EQ(rate_by_name(options, 225), kPeak);
  options.name = "Step";
  EXPECT_THROW(rate_by_name(options, 225), Error);
}

TEST(LearningRate, LinearRisesToThePeakAndFallsToTheMinimumAtTheEnd) {
  const ScheduleOptions options{.name = "linear", .warmup_steps = 99, .min_lr = 1e-5};
  EXPECT_DOUBLE_EQ(rate_by_name(options, 0), kPeak / 100);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 49), kPeak / 2);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 99), kPeak);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 100), 1e-5 + (kPeak - 1e-5) * 900 / 901);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 1'000), 1e-5);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 9'000), 1e-5);
}

TEST(LearningRate, LinearWithWarmUpToTheEndHasNoFall) {
  const ScheduleOptions options{.name = "linear", .warmup_steps = 1'000, .min_lr = 1e-5};
  EXPECT_DOUBLE_EQ(rate_by_name(options, 1'000), kPeak);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 1'001), 1e-5);
}

TEST(LearningRate, ConstantStaysAtThePeak) {
  const ScheduleOptions options{.name = "constant", .warmup_steps = 9, .min_lr = 0};
  EXPECT_DOUBLE_EQ(rate_by_name(options, 0), kPeak / 10);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 9), kPeak);
  EXPECT_DOUBLE_EQ(rate_by_name(options, 50'000), kPeak);
}

TEST(LearningRate, TheRatioOfWarmUpGoesBeforeItsSteps) {
  for (const char* name : {"CosineAnnealing", "linear", "constant"}) {
    const ScheduleOptions options{
        .name = name, .warmup_steps = 5, .warmup_ratio = 0.0999, .constant_steps = 0, .min_lr = 0};
    EXPECT_EQ(options.num_warmup_steps(1'000), 99);
    EXPECT_DOUBLE_EQ(rate_by_name(options, 49), kPeak / 2) << name;
    EXPECT_DOUBLE_EQ(rate_by_name(options, 99), kPeak) << name;
  }
}

TEST(ScheduleOptions, EachKeyOutOfRangeIsNamed) {
  const auto message = [](const ScheduleOptions& options) -> std::string {
    try {
      options.validate(kPeak);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "");
  EXPECT_THAT(message({.name = "Step"}), HasSubstr("sched.name"));
  EXPECT_EQ(message({.name = "linear", .warmup_ratio = 0}), "");
  EXPECT_EQ(message({.name = "constant"}), "");
  EXPECT_THAT(message({.warmup_ratio = 1}), HasSubstr("sched.warmup_ratio must be in [0, 1): 1"));
  EXPECT_THAT(message({.warmup_ratio = -0.5}), HasSubstr("sched.warmup_ratio"));
  EXPECT_THAT(message({.warmup_ratio = std::nan("")}), HasSubstr("sched.warmup_ratio"));
  EXPECT_THAT(message({.min_lr = 1}), HasSubstr("sched.min_lr"));
  EXPECT_THAT(message({.min_lr = std::nan("")}), HasSubstr("sched.min_lr"));
  EXPECT_THAT(message({.warmup_steps = -1}), HasSubstr("sched.warmup_steps"));
  EXPECT_THAT(message({.constant_steps = -1}), HasSubstr("sched.constant_steps"));
}

}  // namespace
}  // namespace sbert
