#include "sbert/kernels/inference_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/each_cpu_variant.h"

namespace sbert {
namespace {

using Values = std::vector<float>;

std::size_t area(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows * columns);
}

double gelu_in_double(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

double activated_in_double(Epilogue epilogue, double x) {
  switch (epilogue) {
    case Epilogue::kNone:
      return x;
    case Epilogue::kGelu:
      return gelu_in_double(x);
    case Epilogue::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Epilogue::kRelu:
      return std::max(x, 0.0);
  }
  return x;
}

using InferenceKernelsTest = EachCpuVariant;
INSTANTIATE_TEST_SUITE_P(All,
                         InferenceKernelsTest,
                         testing::ValuesIn(kCpuVariants),
                         name_of_variant);

struct Shape {
  std::int64_t rows, in, out;
};

// Sizes below, at and above the tiles of every width.
const std::vector<Shape> kShapes{{1, 1, 1},    {0, 5, 7},     {2, 3, 5},     {3, 64, 16},
                                 {5, 24, 31},  {12, 65, 32},  {13, 17, 33},  {16, 128, 64},
                                 {17, 63, 70}, {31, 100, 96}, {33, 40, 8},   {100, 384, 48},
                                 {7, 512, 33}, {35, 700, 40}, {70, 1536, 70}};

struct Problem {
  explicit Problem(const Shape& s, float scale = 1)
      : shape(s),
        x(random_values(area(s.rows, s.in), 1)),
        weight(random_values(area(s.out, s.in), 2)),
        bias(random_values(static_cast<std::size_t>(s.out), 3)) {
    for (float& each : x)
      each *= scale;
  }
  double exact(std::int64_t row, std::int64_t column) const {
    double sum = bias[static_cast<std::size_t>(column)];
    for (std::int64_t k = 0; k < shape.in; ++k)
      sum += term(row, column, k);
    return sum;
  }
  double magnitude(std::int64_t row, std::int64_t column) const {
    double sum = std::abs(bias[static_cast<std::size_t>(column)]);
    for (std::int64_t k = 0; k < shape.in; ++k)
      sum += std::abs(term(row, column, k));
    return sum;
  }
  double term(std::int64_t row, std::int64_t column, std::int64_t k) const {
    return static_cast<double>(x[area(row, shape.in) + static_cast<std::size_t>(k)]) *
           weight[area(column, shape.in) + static_cast<std::size_t>(k)];
  }
  Shape shape;
  Values x, weight, bias;
};

Values multiplied(const InferenceKernels& kernels, const Problem& p, Epilogue epilogue) {
  const auto [rows, in, out] = p.shape;
  Values packed(static_cast<std::size_t>(kernels.packed_size(out, in)));
  kernels.pack(p.weight.data(), out, in, packed.data());
  Values y(area(rows, out));
  std::vector<char> scratch(static_cast<std::size_t>(kernels.multiply_scratch(rows, in, out)));
  kernels.multiply({p.x.data(), rows, in, out, packed.data(), p.bias.data(), epilogue,
                    scratch.data(), y.data()});
  return y;
}

TEST_P(InferenceKernelsTest, ProductIsThatOfDouble) {
  for (const Epilogue epilogue :
       {Epilogue::kNone, Epilogue::kGelu, Epilogue::kGeluTanh, Epilogue::kRelu}) {
    for (const Shape& shape : kShapes) {
      const Problem p(shape);
      const Values y = multiplied(kernels_, p, epilogue);
      const double tolerance =
          2e-6 + 5e-8 * static_cast<double>(shape.in);  // one sum after another
      for (std::int64_t row = 0; row < shape.rows; ++row) {
        for (std::int64_t column = 0; column < shape.out; ++column) {
          const double exact = activated_in_double(epilogue, p.exact(row, column));
          EXPECT_NEAR(y[area(row, shape.out) + static_cast<std::size_t>(column)], exact, tolerance)
              << shape.rows << " x " << shape.in << " x " << shape.out;
        }
      }
    }
  }
}

// Values from 1e-15 to 1e15: the error is that of floats beside the magnitudes that are added up,
// whatever they are.
TEST_P(InferenceKernelsTest, ProductOfAllMagnitudesHasTheErrorOfFloats) {
  for (const std::int64_t in : {1, 40, 700}) {
    Problem p({20, in, 40});
    std::mt19937 random(4);
    std::uniform_real_distribution<float> exponent(-15, 15);
    for (float& each : p.x)
      each *= std::pow(10.0F, exponent(random));
    const Values y = multiplied(kernels_, p, Epilogue::kNone);
    for (std::int64_t row = 0; row < p.shape.rows; ++row) {
      for (std::int64_t column = 0; column < p.shape.out; ++column) {
        const double tolerance = 5e-7 * p.magnitude(row, column);
        EXPECT_NEAR(y[area(row, p.shape.out) + static_cast<std::size_t>(column)],
                    p.exact(row, column), tolerance)
            << in << " inputs";
      }
    }
  }
}

// A row's result must not depend on the tile that it falls into.
TEST_P(InferenceKernelsTest, ARowHasTheSameBitsAmongAnyNumberOfRows) {
  for (const std::int64_t in : {97, 600}) {
    const Problem all({70, in, 50});
    const Values together = multiplied(kernels_, all, Epilogue::kGelu);
    for (std::int64_t rows = 1; rows < 40; ++rows) {
      Problem some = all;
      some.shape.rows = rows;
      some.x.assign(all.x.begin() + in * 20, all.x.begin() + in * (20 + rows));
      const Values alone = multiplied(kernels_, some, Epilogue::kGelu);
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + 50 * 20))
          << rows << " rows";
    }
  }
}

TEST_P(InferenceKernelsTest, GeluIsThatOfDouble) {
  // A product with an input of one and the weight 1 is the activation itself.
  Values x;
  for (int i = -12'000; i <= 12'000; ++i)
    x.push_back(static_cast<float>(i) * 1e-3F);
  Problem p({static_cast<std::int64_t>(x.size()), 1, 1});
  p.x = x;
  p.weight = {1};
  p.bias = {0};
  const Values y = multiplied(kernels_, p, Epilogue::kGelu);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(y[i], gelu_in_double(x[i]), 1e-7 + 6e-8 * std::abs(x[i])) << x[i];
}

// What looks like a number would leave as a vector that is wrong.
TEST_P(InferenceKernelsTest, NanStaysNanInEveryActivation) {
  for (const Epilogue epilogue :
       {Epilogue::kNone, Epilogue::kGelu, Epilogue::kGeluTanh, Epilogue::kRelu}) {
    Problem p({20, 40, 33});
    p.x[area(7, 40)] = NAN;
    const Values y = multiplied(kernels_, p, epilogue);
    for (std::size_t row = 0; row < 20; ++row) {
      for (std::size_t column = 0; column < 33; ++column)
        ASSERT_EQ(std::isnan(y[row * 33 + column]), row == 7) << row << ' ' << column;
    }
  }
}

struct Quantized {
  std::vector<std::uint8_t> x;
  Values scale;
  std::vector<std::int32_t> zero;
};

Quantized quantized(const InferenceKernels& kernels, const Values& x, const Shape& shape) {
  const auto rows = int8_rows(shape.rows);
  Quantized q{std::vector<std::uint8_t>(area(rows, int8_row_bytes(shape.in))),
              Values(static_cast<std::size_t>(rows)),
              std::vector<std::int32_t>(static_cast<std::size_t>(rows))};
  kernels.quantize(x.data(), shape.rows, shape.in, q.x.data(), q.scale.data(), q.zero.data());
  return q;
}

// The sum of the products of x, which are integers, with 8-bit weights.
double int8_sum(const Problem& p,
                const std::vector<std::int8_t>& weight,
                std::int64_t row,
                std::int64_t column) {
  double sum = 0;
  for (std::int64_t k = 0; k < p.shape.in; ++k) {
    sum += static_cast<double>(p.x[area(row, p.shape.in) + static_cast<std::size_t>(k)]) *
           weight[area(column, p.shape.in) + static_cast<std::size_t>(k)];
  }
  return sum;
}

// With weights whose scale is 1.
Values int8_product(const InferenceKernels& kernels,
                    const Quantized& q,
                    const Shape& shape,
                    const std::vector<std::int8_t>& weight,
                    const Values& bias) {
  const auto [rows, in, out] = shape;
  std::vector<std::int8_t> packed(static_cast<std::size_t>(kernels.packed_size_int8(out, in)));
  kernels.pack_int8(weight.data(), out, in, packed.data());
  std::vector<std::int32_t> sums(static_cast<std::size_t>(out), 0);
  for (std::size_t i = 0; i < weight.size(); ++i)
    sums[i / static_cast<std::size_t>(in)] += weight[i];
  const Values ones(static_cast<std::size_t>(out), 1.0F);
  Values y(area(rows, out));
  kernels.multiply_int8({q.x.data(), q.scale.data(), q.zero.data(), rows, in, out, packed.data(),
                         ones.data(), sums.data(), bias.data(), Epilogue::kNone, y.data()});
  return y;
}

// The largest weights with the largest inputs too: an instruction that saturates would show here.
TEST_P(InferenceKernelsTest, Int8ProductIsThatOfTheIntegers) {
  for (const Shape& shape : kShapes) {
    for (const bool is_extreme : {false, true}) {
      Problem p(shape);
      std::vector<std::int8_t> weight(p.weight.size());
      const auto limit = static_cast<float>(kernels_.max_int8_pair / 2);
      for (std::size_t i = 0; i < weight.size(); ++i)
        weight[i] = static_cast<std::int8_t>(is_extreme ? limit : std::rint(p.weight[i] * limit));
      // Integers whose range makes the scale 1.
      for (float& each : p.x)
        each = is_extreme ? 253.0F : std::rint(each * 126.0F);
      for (std::int64_t row = 0; row < shape.rows; ++row) {
        const auto values =
            std::span(p.x).subspan(area(row, shape.in), static_cast<std::size_t>(shape.in));
        values[0] = 0;
        values[0] = 253.0F + std::min(0.0F, std::ranges::min(values));
      }
      const Quantized q = quantized(kernels_, p.x, shape);
      const auto [rows, in, out] = shape;
      const Values y = int8_product(kernels_, q, shape, weight, p.bias);
      for (std::int64_t row = 0; row < rows; ++row) {
        ASSERT_EQ(q.scale[static_cast<std::size_t>(row)], 1.0F);
        for (std::int64_t column = 0; column < out; ++column) {
          const float exact = static_cast<float>(int8_sum(p, weight, row, column)) +
                              p.bias[static_cast<std::size_t>(column)];
          EXPECT_EQ(y[area(row, out) + static_cast<std::size_t>(column)], exact)
              << rows << " x " << in << " x " << out;
        }
      }
    }
  }
}

TEST_P(InferenceKernelsTest, ARowOfZerosIsQuantizedToZeros) {
  const Shape shape{2, 70, 1};
  const Quantized q = quantized(kernels_, Values(140, 0.0F), shape);
  EXPECT_EQ(q.scale[1], 0.0F);
  for (std::size_t i = 0; i < 140; ++i)
    EXPECT_EQ(q.x[i], q.zero[1]);
}

// Also where both ends of a range lie between two integers, so that a byte would overflow.
TEST_P(InferenceKernelsTest, QuantizedValuesAreWithinHalfAStepOf253OfTheirRange) {
  Values x;
  for (const float least : {-3e4F, -1.0F, -0.5F, -0.17F, -1e-20F, 0.0F, 0.25F}) {
    for (int i = 0; i <= 4'000; ++i) {
      const float most = least + static_cast<float>(i) * 1e-3F;
      x.insert(x.end(), {least, most, std::midpoint(least, most)});
    }
  }
  const Shape shape{static_cast<std::int64_t>(x.size()) / 3, 3, 3};
  const Quantized q = quantized(kernels_, x, shape);
  const Values y = int8_product(kernels_, q, shape, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t row = i / 3 * 3;
    const double width = std::max(0.0, double{x[row + 1]}) - std::min(0.0, double{x[row]});
    // Half a step is the rounding; half a millionth is that of floats.
    ASSERT_NEAR(y[i], x[i], 0.5 / 253 * width + 5e-7 * std::abs(x[i]))
        << x[row] << ' ' << x[row + 1];
  }
}

TEST_P(InferenceKernelsTest, WhatIsNotFiniteStaysSoInInt8) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const Shape shape{4, 2, 1};
  const Values x{-kMost, kMost, -INFINITY, 1, 1e-40F, -1e-40F, NAN, 1};
  const Values y = int8_product(kernels_, quantized(kernels_, x, shape), shape, {1, 1}, {0});
  for (const std::size_t row : {0, 1, 3})
    EXPECT_FALSE(std::isfinite(y[row])) << row;
  EXPECT_NEAR(y[2], 0, 1e-30);
}

TEST_P(InferenceKernelsTest, NormIsThatOfDouble) {
  for (const std::int64_t size : {1, 2, 15, 16, 17, 24, 31, 64, 100, 384}) {
    const auto count = static_cast<std::size_t>(size);
    const Values a = random_values(2 * count, 4);
    const Values b = random_values(2 * count, 5);
    const Values c = random_values(count, 6);
    const Values weight = random_values(count, 7);
    const Values bias = random_values(count, 8);
    const LayerNormParams norm{weight.data(), bias.data(), size, 1e-12F};
    Values rows = a;
    kernels_.add_norm_rows(rows.data(), b.data(), 2, norm, rows.data());
    Values three(count);
    kernels_.add_norm(a.data(), b.data(), c.data(), norm, three.data());
    const auto expect_norm = [&](const float* y, std::size_t first, bool adds_c) {
      std::vector<double> sum(count);
      double mean = 0;
      double variance = 0;
      for (std::size_t k = 0; k < count; ++k) {
        sum[k] = static_cast<double>(a[first + k]) + b[first + k] + (adds_c ? c[k] : 0.0F);
        mean += sum[k] / static_cast<double>(size);
      }
      for (const double each : sum)
        variance += (each - mean) * (each - mean) / static_cast<double>(size);
      if (variance < 1e-6) return;  // of one value: rounding, divided by itself
      for (std::size_t k = 0; k < count; ++k) {
        const double exact = (sum[k] - mean) / std::sqrt(variance + 1e-12) * weight[k] + bias[k];
        EXPECT_NEAR(y[k], exact, 2e-5) << "size " << size << ", value " << k;
      }
    };
    expect_norm(rows.data(), 0, false);
    expect_norm(rows.data() + count, count, false);
    expect_norm(three.data(), 0, true);
  }
}

}  // namespace
}  // namespace sbert
