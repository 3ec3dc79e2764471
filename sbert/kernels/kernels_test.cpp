#include "sbert/kernels/kernels.h"

#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(Kernels, DotIsThatOfDoublePrecisionAtEveryLength) {
  std::mt19937 engine(3);
  std::normal_distribution<float> normal;
  std::vector<float> a(200);
  std::vector<float> b(200);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = normal(engine);
    b[i] = normal(engine);
  }
  double expected = 0;
  double magnitude = 0;
  for (std::size_t count = 0; count < a.size(); ++count) {
    EXPECT_NEAR(kernels<float>().dot(a.data(), b.data(), static_cast<std::int64_t>(count)),
                expected, 1e-6 * magnitude)
        << count;
    expected += static_cast<double>(a[count]) * b[count];
    magnitude += std::abs(static_cast<double>(a[count]) * b[count]);
  }
}

TEST(Kernels, AllFiniteSeesEachPlaceOfEveryLength) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const std::vector<float> wrong{std::numeric_limits<float>::infinity(),
                                 -std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::quiet_NaN()};
  const auto all_finite = kernels<float>().all_finite;
  std::vector<float> values;
  for (std::int64_t count = 0; count < 150; ++count) {
    EXPECT_TRUE(all_finite(values.data(), count));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float kept = std::exchange(values[i], wrong[i % wrong.size()]);
      EXPECT_FALSE(all_finite(values.data(), count)) << i << " of " << count;
      values[i] = kept;
    }
    values.push_back(count % 2 == 0 ? kLargest : -1e-45F);
  }
}

}  // namespace
}  // namespace sbert
