#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/kernels/inference_kernels.h"

namespace sbert {
namespace {

// Every set of kernels that this processor can run.
class MultiplyDoubles : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks it";
    kernels_ = inference_kernels_of(GetParam());
  }
  InferenceKernels kernels_{};
};

INSTANTIATE_TEST_SUITE_P(All,
                         MultiplyDoubles,
                         testing::Values(CpuVariant::kGeneric,
                                         CpuVariant::kAvx2,
                                         CpuVariant::kAvx512,
                                         CpuVariant::kAvx512Vnni,
                                         CpuVariant::kAmx),
                         [](const auto& each) { return cpu_variant_name(each.param); });

template <typename Real>
std::vector<Real> random_values(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<Real> value(-1, 1);
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (Real& each : values)
    each = value(random);
  return values;
}

TEST_P(MultiplyDoubles, AddsTheProductInDouble) {
  struct Sizes {
    std::int64_t m, n, k, gap;
  };
  // Around the tiles of every width.
  for (const Sizes& sizes : {Sizes{1, 1, 1, 0},
                             {2, 3, 0, 0},
                             {5, 15, 7, 2},
                             {6, 16, 33, 0},
                             {7, 17, 40, 1},
                             {12, 32, 9, 5},
                             {13, 70, 64, 0},
                             {25, 4, 100, 3}}) {
    const auto [m, n, k, gap] = sizes;
    const std::int64_t stride = n + gap;
    const std::vector<double> a = random_values<double>(m * k, 1);
    const std::vector<float> b = random_values<float>(k * stride, 2);
    const std::vector<double> before = random_values<double>(m * n, 3);
    std::vector<double> c = before;
    kernels_.multiply_doubles(
        {.a = a.data(), .b = b.data(), .b_stride = stride, .m = m, .n = n, .k = k, .c = c.data()});
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        long double sum = before[static_cast<std::size_t>(i * n + j)];
        for (std::int64_t inner = 0; inner < k; ++inner) {
          sum += static_cast<long double>(a[static_cast<std::size_t>(i * k + inner)]) *
                 static_cast<long double>(b[static_cast<std::size_t>(inner * stride + j)]);
        }
        // 200 roundings of sums below 16.
        ASSERT_NEAR(c[static_cast<std::size_t>(i * n + j)], static_cast<double>(sum), 4e-13)
            << m << " x " << n << " x " << k << ": row " << i << ", column " << j;
      }
    }
  }
}

}  // namespace
}  // namespace sbert
