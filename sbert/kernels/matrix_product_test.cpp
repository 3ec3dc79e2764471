#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/kernels/inference_kernels.h"

namespace sbert {
namespace {

// A matrix [rows, columns] that may lie in memory column by column.
struct Matrix {
  Matrix(std::int64_t num_rows, std::int64_t num_columns, bool transposed, unsigned seed)
      : rows(num_rows),
        columns(num_columns),
        is_transposed(transposed),
        values(static_cast<std::size_t>(num_rows * num_columns)) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> magnitude(-3, 3);
    std::normal_distribution<float> value;
    for (float& each : values)
      each = value(random) * std::pow(10.0F, magnitude(random));
  }
  double at(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(is_transposed ? column * rows + row
                                                         : row * columns + column)];
  }

  std::int64_t rows, columns;
  bool is_transposed;
  std::vector<float> values;
};

std::vector<float> multiplied(const InferenceKernels& kernels,
                              const Matrix& a,
                              const Matrix& b,
                              const float* bias) {
  std::vector<float> c(static_cast<std::size_t>(a.rows * b.columns), std::nanf(""));
  MatrixProduct product{a.values.data(), a.is_transposed, b.values.data(), b.is_transposed,
                        a.rows,          b.columns,       a.columns,       bias,
                        c.data(),        nullptr};
  std::vector<char> scratch(static_cast<std::size_t>(kernels.matrix_scratch(product)), -1);
  product.scratch = scratch.data();
  kernels.multiply_matrices(product);
  return c;
}

void expect_that_of_double(const InferenceKernels& kernels,
                           const Matrix& a,
                           const Matrix& b,
                           const std::vector<float>& bias) {
  const std::vector<float> c = multiplied(kernels, a, b, bias.empty() ? nullptr : bias.data());
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < b.columns; ++j) {
      double exact = bias.empty() ? 0 : bias[static_cast<std::size_t>(j)];
      double magnitude = std::abs(exact);
      for (std::int64_t k = 0; k < a.columns; ++k) {
        exact += a.at(i, k) * b.at(k, j);
        magnitude += std::abs(a.at(i, k) * b.at(k, j));
      }
      ASSERT_NEAR(c[static_cast<std::size_t>(i * b.columns + j)], exact, 1e-6 * magnitude)
          << "at " << i << ", " << j << " of " << a.rows << " x " << a.columns << " x "
          << b.columns;
    }
  }
}

struct Shape {
  std::int64_t m, k, n;
};

// Sizes below, at and above tiles, panels, blocks of rows and blocks of what is summed over.
const std::vector<Shape> kShapes{{1, 1, 1},     {2, 3, 5},     {16, 32, 32},
                                 {17, 33, 33},  {31, 100, 7},  {193, 64, 40},
                                 {50, 512, 64}, {40, 513, 48}, {390, 1100, 35}};

// Each matrix in both orders: the error is that of a sum of floats.
TEST(MatrixProduct, IsThatOfDouble) {
  if (!supports(CpuVariant::kAmx)) GTEST_SKIP() << "this processor has no tiles";
  const InferenceKernels kernels = inference_kernels_of(CpuVariant::kAmx);
  for (const Shape& shape : kShapes) {
    const std::vector<float> bias(static_cast<std::size_t>(shape.n), 0.7F);
    for (const bool a_is_transposed : {false, true}) {
      const Matrix a(shape.m, shape.k, a_is_transposed, 1);
      expect_that_of_double(kernels, a, {shape.k, shape.n, /*transposed=*/false, 2}, {});
      expect_that_of_double(kernels, a, {shape.k, shape.n, /*transposed=*/true, 2}, bias);
    }
  }
}

}  // namespace
}  // namespace sbert
