#include "sbert/kernels/kernels.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

template <typename Real>
void expect_dot_near_double(const Kernels<Real>& kernels) {
  std::mt19937 engine(3);
  std::normal_distribution<float> normal;
  std::vector<Real> a(200);
  std::vector<Real> b(200);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = normal(engine);
    b[i] = normal(engine);
  }
  double expected = 0;
  double magnitude = 0;
  // Fewer than ten roundings follow each other, in any of the lanes.
  const double unit = 10 * static_cast<double>(std::numeric_limits<Real>::epsilon());
  for (std::size_t count = 0; count < a.size(); ++count) {
    EXPECT_NEAR(kernels.dot(a.data(), b.data(), static_cast<std::int64_t>(count)), expected,
                unit * magnitude)
        << count;
    expected += static_cast<double>(a[count]) * static_cast<double>(b[count]);
    magnitude += std::abs(static_cast<double>(a[count]) * static_cast<double>(b[count]));
  }
}

template <typename Real>
void expect_all_finite_sees_each_place(const Kernels<Real>& kernels) {
  using Limits = std::numeric_limits<Real>;
  const std::vector<Real> wrong{Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()};
  std::vector<Real> values;
  for (std::int64_t count = 0; count < 150; ++count) {
    EXPECT_TRUE(kernels.all_finite(values.data(), count));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Real kept = std::exchange(values[i], wrong[i % wrong.size()]);
      EXPECT_FALSE(kernels.all_finite(values.data(), count)) << i << " of " << count;
      values[i] = kept;
    }
    values.push_back(count % 2 == 0 ? Limits::max() : -Limits::denorm_min());
  }
}

template <typename Real>
std::vector<Real> dropped_ones(const Kernels<Real>& kernels, std::int64_t count) {
  std::vector<Real> values(static_cast<std::size_t>(count), 1);
  kernels.dropout(values.data(), values.data(), count, 0.5, 7);
  return values;
}

class KernelsTest : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks the instructions";
    kernels_ = kernels_of<float>(GetParam());
  }

  Kernels<float> kernels_{};
  Kernels<double> in_double_ = kernels_of<double>(CpuVariant::kGeneric);
};

// The variants beyond have those of AVX-512.
INSTANTIATE_TEST_SUITE_P(All,
                         KernelsTest,
                         testing::Values(CpuVariant::kGeneric,
                                         CpuVariant::kAvx2,
                                         CpuVariant::kAvx512),
                         [](const auto& each) { return cpu_variant_name(each.param); });

TEST_P(KernelsTest, DotIsThatOfDoublePrecisionAtEveryLength) {
  expect_dot_near_double(kernels_);
}

TEST_P(KernelsTest, AllFiniteSeesEachPlaceOfEveryLength) {
  expect_all_finite_sees_each_place(kernels_);
}

TEST_P(KernelsTest, DropoutDrawsTheSameMaskInEveryVariant) {
  for (const std::int64_t count : {0, 1, 15, 33, 1'000}) {
    const std::vector<float> found = dropped_ones(kernels_, count);
    const std::vector<double> expected = dropped_ones(in_double_, count);
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_EQ(found[i], expected[i]) << i << " of " << count;
  }
}

TEST(Kernels, InDoubleAreAsExact) {
  const Kernels<double> kernels = kernels_of<double>(CpuVariant::kGeneric);
  expect_dot_near_double(kernels);
  expect_all_finite_sees_each_place(kernels);
}

TEST(Kernels, AreThoseOfTheChosenVariant) {
  EXPECT_STREQ(kernels<float>().name, kernels_of<float>(chosen_cpu_variant()).name);
  EXPECT_STREQ(kernels<double>().name, "generic");
}

}  // namespace
}  // namespace sbert
