#include "sbert/run/start_report.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(BatchText, SaysBatchLossAndLengths) {
  ModelOptions options;
  options.global_batch_size = 1'024;
  options.micro_batch_size = 16;
  EXPECT_EQ(batch_text(options),
            "batches of 1,024 questions, in micro batches of 16; loss contrastive, at most 4 hard "
            "negatives each; texts of at most 512 tokens");
  options.micro_batch_size = 1'024;
  options.loss.name = LossKind::kTriplet;
  EXPECT_EQ(batch_text(options),
            "batches of 1,024 questions; loss triplet, at most 4 hard negatives each; texts of at "
            "most 512 tokens");
}

TEST(ScheduleText, SaysHowTheLearningRateGoes) {
  RunPlan plan{.last_step = 100, .schedule = {.warmup_steps = 10}, .schedule_steps = 100};
  plan.schedule.constant_steps = 0;
  EXPECT_EQ(schedule_text(plan, 2e-4),
            "learning rate 2e-04, CosineAnnealing: 10 updates of warm-up, down to 2e-05");
  plan.schedule.constant_steps = 20;
  plan.schedule.warmup_ratio = 0.3;
  EXPECT_EQ(schedule_text(plan, 2e-4),
            "learning rate 2e-04, CosineAnnealing: 30 updates of warm-up, at the end 20 at the "
            "lowest, down to 2e-05");
  plan.schedule = {.name = "constant", .warmup_steps = 0, .constant_steps = 0};
  EXPECT_EQ(schedule_text(plan, 1), "learning rate 1, constant: 0 updates of warm-up");
}

}  // namespace
}  // namespace sbert
