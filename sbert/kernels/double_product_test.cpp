#include <vector>

#include <gtest/gtest.h>

#include "tests/support/each_cpu_variant.h"

namespace sbert {
namespace {

using MultiplyDoubles = EachCpuVariant;
INSTANTIATE_TEST_SUITE_P(All, MultiplyDoubles, testing::ValuesIn(kCpuVariants), name_of_variant);

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
