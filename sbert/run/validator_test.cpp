#include "sbert/run/validator.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(EarlyStopping, EndsAfterAsManyValidationsWithoutGainAsPatienceSays) {
  const EarlyStoppingOptions options{.mode = MetricMode::kMin, .min_delta = 0.01, .patience = 2};
  RunPosition position;
  EXPECT_FALSE(note_validation(options, 1.0, position));
  EXPECT_FALSE(note_validation(options, 0.995, position));  // a gain, but less than min_delta
  EXPECT_FALSE(note_validation(options, 0.9, position));
  EXPECT_EQ(position.best_score, 0.9);
  EXPECT_FALSE(note_validation(options, 0.9, position));
  EXPECT_TRUE(note_validation(options, 0.95, position));
  EXPECT_EQ(position.validations_since_best, 2);
}

TEST(EarlyStopping, ModeMaxWantsMore) {
  const EarlyStoppingOptions options{.mode = MetricMode::kMax, .min_delta = 0, .patience = 1};
  RunPosition position;
  EXPECT_FALSE(note_validation(options, 0.5, position));
  EXPECT_FALSE(note_validation(options, 0.6, position));
  EXPECT_TRUE(note_validation(options, 0.6, position));
}

TEST(EarlyStopping, WithoutAModeTheMetricSaysWhatIsBetter) {
  const EarlyStoppingOptions options{.monitor = "val_mrr@10", .min_delta = 0, .patience = 1};
  RunPosition position;
  EXPECT_FALSE(note_validation(options, 0.5, position));
  EXPECT_FALSE(note_validation(options, 0.6, position));
  EXPECT_TRUE(note_validation(options, 0.6, position));
}

TEST(EarlyStopping, AValueThatIsNoNumberEndsTheRun) {
  RunPosition position;
  EXPECT_TRUE(note_validation({}, std::nan(""), position));
  EXPECT_TRUE(note_validation({}, std::numeric_limits<double>::infinity(), position));
}

TEST(RequiredValue, OfAMetricThatIsNotThereListsThoseThatAre) {
  const Metrics metrics{{"val_loss", 0.5}, {"sts/spearman", 0.9}};
  EXPECT_EQ(required_value(metrics, "sts/spearman"), 0.9);
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { required_value(metrics, "val_mrr@10"); }),
            "a validation gives no val_mrr@10; it gives val_loss, sts/spearman");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { required_value({}, "val_mrr@10"); }),
            "a validation gives no val_mrr@10; it gives nothing, without validation rows and "
            "evaluators");
}

}  // namespace
}  // namespace sbert
