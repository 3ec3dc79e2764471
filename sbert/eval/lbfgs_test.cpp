#include "sbert/eval/lbfgs.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(Minimize, FindsTheMinimumOfRosenbrocksValley) {
  const Objective valley = [](std::span<const double> x, std::span<double> gradient) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  const LbfgsResult found = minimize(valley, {-1.2, 1}, {.tolerance = 1e-9}, {});
  EXPECT_TRUE(found.has_converged);
  EXPECT_NEAR(found.x[0], 1, 1e-8);
  EXPECT_NEAR(found.x[1], 1, 1e-8);
  EXPECT_LT(found.iterations, 60);
  EXPECT_FALSE(minimize(valley, {-1.2, 1}, {.max_iterations = 3}, {}).has_converged);
}

TEST(Minimize, AValueThatIsNotFiniteIsAnError) {
  const Objective wrong = [](std::span<const double>, std::span<double>) { return std::nan(""); };
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { minimize(wrong, {0}, {}, {}); }),
            "the value to minimize is not finite: nan");
}

TEST(Minimize, StopsWhenAsked) {
  StopSource stop;
  stop.request_stop();
  const Objective line = [](std::span<const double>, std::span<double>) { return 0.0; };
  message_of(ErrorKind::kCancelled, [&] { minimize(line, {0}, {}, stop.token()); });
}

}  // namespace
}  // namespace sbert
