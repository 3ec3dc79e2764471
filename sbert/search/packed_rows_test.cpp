#include "sbert/search/packed_rows.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sbert/search/test_matrices.h"

namespace sbert {
namespace {

class PackedRowsTest : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks it";
    kernels_ = inference_kernels_of(GetParam());
  }
  std::vector<float> products(MatrixView others, MatrixView rows) {
    PackedRows packed(rows, kernels_);
    const float* first = packed.products(others);
    return {first, first + others.rows * rows.rows};
  }
  InferenceKernels kernels_{};
};

INSTANTIATE_TEST_SUITE_P(All,
                         PackedRowsTest,
                         testing::Values(CpuVariant::kGeneric,
                                         CpuVariant::kAvx2,
                                         CpuVariant::kAvx512,
                                         CpuVariant::kAvx512Vnni,
                                         CpuVariant::kAmx),
                         [](const auto& each) { return cpu_variant_name(each.param); });

TEST_P(PackedRowsTest, ProductsAreThoseOfDouble) {
  for (const std::int64_t columns : {1, 7, 64, 100}) {
    const FloatMatrix rows = random_matrix(37, columns, 1);
    const FloatMatrix others = random_matrix(29, columns, 2);
    const std::vector<float> found = products(others, rows);
    for (std::int64_t i = 0; i < others.rows; ++i) {
      for (std::int64_t j = 0; j < rows.rows; ++j) {
        // 100 roundings, each of at most 2^-24 of a sum below 32.
        ASSERT_NEAR(found[static_cast<std::size_t>(i * rows.rows + j)],
                    dot_in_double(others.row(i), rows.row(j)), 2e-4);
      }
    }
  }
}

TEST_P(PackedRowsTest, BitsDoNotDependOnTheRowsBeside) {
  const FloatMatrix rows = random_matrix(70, 45, 3);
  const FloatMatrix others = random_matrix(53, 45, 4);
  const std::vector<float> all = products(others, rows);
  for (const std::int64_t size : {1, 2, 11, 16, 31, 33}) {
    for (std::int64_t first = 0; first < rows.rows; first += size) {
      const std::int64_t count = std::min(size, rows.rows - first);
      for (std::int64_t other = 0; other < others.rows; other += size) {
        const std::int64_t other_count = std::min(size, others.rows - other);
        const std::vector<float> some = products(MatrixView(others).part(other, other_count),
                                                 MatrixView(rows).part(first, count));
        for (std::int64_t i = 0; i < other_count; ++i) {
          for (std::int64_t j = 0; j < count; ++j) {
            ASSERT_EQ(some[static_cast<std::size_t>(i * count + j)],
                      all[static_cast<std::size_t>((other + i) * rows.rows + first + j)])
                << "row " << first + j << " and " << other + i << " in parts of " << size;
          }
        }
      }
    }
  }
}

TEST_P(PackedRowsTest, NoColumnsGiveZeros) {
  EXPECT_EQ(products(FloatMatrix(2, 0), FloatMatrix(3, 0)), std::vector<float>(6));
}

TEST(PackedRowsSize, IsOfWholePanelsAndFillsPartsEvenly) {
  EXPECT_EQ(PackedRows::best_size(1, 384), 32);
  EXPECT_EQ(PackedRows::best_size(512, 384), 512);
  EXPECT_EQ(PackedRows::best_size(513, 384), 288);
  EXPECT_EQ(PackedRows::best_size(1'000, 384), 512);
  EXPECT_EQ(PackedRows::best_size(1'000, 1'000'000), 64);
  EXPECT_EQ(PackedRows::best_size(0, 0), 32);
}

}  // namespace
}  // namespace sbert
