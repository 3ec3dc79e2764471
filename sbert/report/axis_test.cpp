#include "sbert/report/axis.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;

TEST(LinearAxis, HasRoundTicksAroundTheRange) {
  const Axis axis = linear_axis(0.13, 0.87, 5);
  EXPECT_DOUBLE_EQ(axis.low, 0);
  EXPECT_DOUBLE_EQ(axis.high, 1);
  EXPECT_THAT(axis.ticks,
              ElementsAre(0, DoubleNear(0.2, 1e-12), DoubleNear(0.4, 1e-12), DoubleNear(0.6, 1e-12),
                          DoubleNear(0.8, 1e-12), DoubleNear(1, 1e-12)));
  EXPECT_DOUBLE_EQ(axis.share(0.25), 0.25);
}

TEST(LinearAxis, EndsThatAreRoundStay) {
  const Axis axis = linear_axis(0, 1'000, 5);
  EXPECT_EQ(axis.high, 1'000);
  EXPECT_THAT(axis.ticks, ElementsAre(0, 200, 400, 600, 800, 1'000));
}

TEST(LinearAxis, CrossesZeroAtZero) {
  const Axis axis = linear_axis(-0.3, 0.3, 5);
  EXPECT_THAT(axis.ticks, testing::Contains(0.0));
}

TEST(LinearAxis, ARangeOfNoWidthIsWidened) {
  for (const double value : {0.0, 5.0, -5.0, 1e-12, 1e12}) {
    const Axis axis = linear_axis(value, value, 5);
    EXPECT_LT(axis.low, value) << value;
    EXPECT_GT(axis.high, value) << value;
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_LE(axis.ticks.size(), 8U);
  }
}

TEST(LinearAxis, SmallNumbersHaveTicksToo) {
  const Axis axis = linear_axis(0, 4e-5, 5);
  EXPECT_THAT(axis.ticks, ElementsAre(0, DoubleEq(1e-5), DoubleEq(2e-5), DoubleNear(3e-5, 1e-18),
                                      DoubleEq(4e-5)));
}

TEST(LogAxis, ManyDecadesHaveTheirPowersOnly) {
  EXPECT_THAT(log_axis(1, 1'000).ticks, ElementsAre(1, 10, 100, 1'000));
}

TEST(LogAxis, FewDecadesHaveTwosAndFives) {
  EXPECT_THAT(log_axis(1, 100).ticks, ElementsAre(1, 2, 5, 10, 20, 50, 100));
  EXPECT_THAT(log_axis(3, 30).ticks, ElementsAre(5, 10, 20));
}

TEST(LogAxis, DecadesAreEquallyLong) {
  const Axis axis = log_axis(1, 1'000);
  EXPECT_DOUBLE_EQ(axis.share(1), 0);
  EXPECT_NEAR(axis.share(10), 1.0 / 3, 1e-12);
  EXPECT_NEAR(axis.share(1'000), 1, 1e-12);
}

TEST(LogAxis, OfOneValueIsADecade) {
  EXPECT_EQ(log_axis(10, 10).high, 100);
}

}  // namespace
}  // namespace sbert
