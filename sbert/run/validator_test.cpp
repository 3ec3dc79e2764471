#include "sbert/run/early_stopping.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(EarlyStopping, EndsAfterAsManyValidationsWithoutGainAsPatienceSays) {
  const EarlyStoppingOptions options{.mode = "min", .min_delta = 0.01, .patience = 2};
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
  const EarlyStoppingOptions options{.mode = "max", .min_delta = 0, .patience = 1};
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

}  // namespace
}  // namespace sbert
