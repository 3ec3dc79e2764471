#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/each_cpu_variant.h"

namespace sbert {
namespace {

using FindAbove = EachCpuVariant;
INSTANTIATE_TEST_SUITE_P(All, FindAbove, testing::ValuesIn(kCpuVariants), name_of_variant);

TEST_P(FindAbove, NamesScoresAboveTheirThresholdAndWhatIsNotANumber) {
  const float nan = std::nanf("");
  const float infinity = std::numeric_limits<float>::infinity();
  std::mt19937 random(5);
  std::normal_distribution<float> value;
  // Around the vectors that share a branch.
  for (const std::size_t count : {0, 1, 15, 16, 63, 64, 65, 200, 512}) {
    std::vector<float> thresholds;
    for (std::size_t i = 0; i < count; ++i)
      thresholds.push_back(value(random));
    std::vector<float> scores = thresholds;  // equal is not above
    std::vector<std::int32_t> expected;
    for (std::size_t i = 6; i < count; i += 7) {
      const auto kind = i % 4;
      if (kind == 0) scores[i] = std::nextafter(scores[i], infinity);
      if (kind == 1) scores[i] = nan;
      if (kind == 2) thresholds[i] = nan;
      if (kind == 3) scores[i] = thresholds[i] = -infinity;
      if (kind != 3) expected.push_back(static_cast<std::int32_t>(i));
    }
    std::vector<std::int32_t> found(count);
    const std::int64_t num_found = kernels_.find_above(
        scores.data(), thresholds.data(), static_cast<std::int64_t>(count), found.data());
    found.resize(static_cast<std::size_t>(num_found));
    EXPECT_EQ(found, expected) << count << " scores";
  }
}

}  // namespace
}  // namespace sbert
