#pragma once

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/simd.h"

// The product of doubles with floats, for sums whose rounding would show.

namespace sbert {
namespace {

using DoubleVector = Simd<double>::Vector;

constexpr std::int64_t kDoubleLanes = Simd<double>::kLanes;
// Rows of a tile of two vectors a row: its sums fill the registers but for the operands.
constexpr int kDoubleTileRows = SBERT_VECTOR_BYTES == 64 ? 12 : 6;

inline DoubleVector load_as_doubles(const float* from) {
  using HalfVector __attribute__((vector_size(SBERT_VECTOR_BYTES / 2))) = float;
  HalfVector v;
  __builtin_memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, DoubleVector);
}

// kRows rows of c by two vectors of columns. Every sum goes over k in its order.
template <int kRows>
void add_double_tile(const DoubleProduct& p, std::int64_t row, std::int64_t column) {
  const double* __restrict a = p.a + row * p.k;
  const float* __restrict b = p.b + column;
  double* c = p.c + row * p.n + column;
  DoubleVector sums[kRows][2];
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = Simd<double>::load(c + r * p.n);
    sums[r][1] = Simd<double>::load(c + r * p.n + kDoubleLanes);
  }
  for (std::int64_t k = 0; k < p.k; ++k, b += p.b_stride) {
    const DoubleVector low = load_as_doubles(b);
    const DoubleVector high = load_as_doubles(b + kDoubleLanes);
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] += a[r * p.k + k] * low;
      sums[r][1] += a[r * p.k + k] * high;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    Simd<double>::store(c + r * p.n, sums[r][0]);
    Simd<double>::store(c + r * p.n + kDoubleLanes, sums[r][1]);
  }
}

// add_double_tile() for a number of rows that is not known before.
template <int kRows>
void add_double_rows(const DoubleProduct& p,
                     std::int64_t row,
                     std::int64_t rows,
                     std::int64_t column) {
  if (rows == kRows) {
    add_double_tile<kRows>(p, row, column);
  } else if constexpr (kRows > 1) {
    add_double_rows<kRows - 1>(p, row, rows, column);
  }
}

void multiply_doubles(const DoubleProduct& p) {
  std::int64_t column = 0;
  for (; column + 2 * kDoubleLanes <= p.n; column += 2 * kDoubleLanes) {
    for (std::int64_t row = 0; row < p.m; row += kDoubleTileRows) {
      const std::int64_t left = p.m - row;
      add_double_rows<kDoubleTileRows>(p, row, left < kDoubleTileRows ? left : kDoubleTileRows,
                                       column);
    }
  }
  for (; column < p.n; ++column) {
    for (std::int64_t row = 0; row < p.m; ++row) {
      double sum = p.c[row * p.n + column];
      for (std::int64_t k = 0; k < p.k; ++k)
        sum += p.a[row * p.k + k] * static_cast<double>(p.b[k * p.b_stride + column]);
      p.c[row * p.n + column] = sum;
    }
  }
}

}  // namespace
}  // namespace sbert
