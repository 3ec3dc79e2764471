#include "sbert/run/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

using testing::HasSubstr;

struct Planned {
  RunPlan plan;
  std::string said;
};

Planned plan(const TrainOptions& options, std::int64_t steps_per_epoch) {
  testing::internal::CaptureStderr();
  RunPlan result = plan_run(options, steps_per_epoch);
  return {result, testing::internal::GetCapturedStderr()};
}

TEST(RunPlan, EndsAtStepsOrEpochsWhicheverIsFirst) {
  TrainOptions options;
  options.trainer.max_steps = 50;
  options.trainer.max_epochs = 2;
  EXPECT_EQ(plan(options, 10).plan.last_step, 20);
  EXPECT_EQ(plan(options, 100).plan.last_step, 50);
  options.trainer.max_steps = -1;
  EXPECT_EQ(plan(options, 100).plan.last_step, 200);
}

TEST(RunPlan, WithoutEpochsTheScheduleIsNemosAndItsTrapIsReported) {
  TrainOptions options;
  options.trainer.max_steps = 1'000;
  const Planned planned = plan(options, 10);
  EXPECT_EQ(planned.plan.schedule.constant_steps, 50'000);
  EXPECT_EQ(planned.plan.schedule_steps, 1'000);
  EXPECT_THAT(planned.said, HasSubstr("trainer.max_steps (1000) is less than warmup_steps (500) + "
                                      "constant_steps (50000)"));
  options.trainer.max_steps = 60'000;
  EXPECT_EQ(plan(options, 10).said, "");
}

std::string said_of_warmup(const TrainOptions& options) {
  testing::internal::CaptureStderr();
  warn_of_warmup(options);
  return testing::internal::GetCapturedStderr();
}

TEST(RunPlan, AWarmUpThatTheRunNeverLeavesIsReported) {
  TrainOptions options;
  options.model.optim.lr = 1e-4;
  options.model.optim.sched = {.warmup_steps = 99, .constant_steps = 0, .min_lr = 0};
  options.trainer.max_steps = 50;
  EXPECT_THAT(said_of_warmup(options),
              HasSubstr("the learning rate never reaches model.optim.lr (1e-04) but ends at 5e-05, "
                        "since model.optim.sched.warmup_steps (99) is not below trainer.max_steps "
                        "(50); lower it, or set model.optim.sched.warmup_ratio=0.1"));
  options.model.optim.sched.constant_steps = 50'000;
  EXPECT_THAT(plan(options, 10).said, testing::Not(HasSubstr("right after warm-up")));
  options.trainer.max_steps = 100;
  EXPECT_EQ(said_of_warmup(options), "");
  options.model.optim.sched.warmup_ratio = 0.9;
  options.trainer.max_steps = 10;
  EXPECT_EQ(said_of_warmup(options), "");
  options.model.optim.sched.warmup_ratio.reset();
  options.trainer.max_epochs = 1;  // which cuts it
  EXPECT_EQ(said_of_warmup(options), "");
}

TEST(RunPlan, WithEpochsTheScheduleIsStretchedOverTheRealRun) {
  TrainOptions options;
  options.trainer.max_epochs = 2;
  const Planned planned = plan(options, 1'000);
  EXPECT_EQ(planned.plan.schedule_steps, 2'000);
  EXPECT_EQ(planned.plan.schedule.warmup_steps, 500);
  EXPECT_EQ(planned.plan.schedule.constant_steps, 0);
  EXPECT_THAT(planned.said, HasSubstr("constant_steps (50000) does not fit"));
}

TEST(RunPlan, AWarmUpLongerThanTheRunIsCut) {
  TrainOptions options;
  options.trainer.max_epochs = 1;
  const Planned planned = plan(options, 100);
  EXPECT_EQ(planned.plan.schedule.warmup_steps, 10);
  EXPECT_THAT(planned.said, HasSubstr("warmup_steps (500) is cut to a tenth"));
}

}  // namespace
}  // namespace sbert
