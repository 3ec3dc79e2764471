#pragma once

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/inference_simd.h"

// The product of floats on vectors.

namespace sbert {
namespace {

// Rows of a tile: its sums, two vectors a row, fill the registers but for the operands.
constexpr int kTileRows = SBERT_VECTOR_BYTES == 64 ? 12 : 6;

// Inputs of a panel that are on their way to the first cache before they are multiplied: a panel is
// too large to stay there from one tile to the next.
constexpr std::int64_t kPrefetchedInputs = 16;

inline void prefetch_inputs(const float* from) {
  constexpr std::int64_t kCacheLine = 64 / sizeof(float);
  for (std::int64_t k = 0; k < kPanelColumns; k += kCacheLine)
    __builtin_prefetch(from + k);
}

std::int64_t packed_size(std::int64_t out, std::int64_t in) {
  return (out + kPanelColumns - 1) / kPanelColumns * kPanelColumns * in;
}

// Panels of kPanelColumns outputs, in each of them the columns side by side: [in, kPanelColumns].
void pack(const float* weight, std::int64_t out, std::int64_t in, float* packed) {
  for (std::int64_t first = 0; first < out; first += kPanelColumns) {
    for (std::int64_t k = 0; k < in; ++k) {
      for (std::int64_t j = 0; j < kPanelColumns; ++j)
        *packed++ = first + j < out ? weight[(first + j) * in + k] : 0.0F;
    }
  }
}

// kRows rows by one panel. Every sum goes over the inputs in their order, whatever kRows is.
template <int kRows>
void multiply_tile(const Product& p,
                   std::int64_t row,
                   std::int64_t column,
                   const float* __restrict panel) {
  const float* __restrict x = p.x + row * p.in;
  FloatVector sums[kRows][2] = {};
  for (std::int64_t k = 0; k < p.in; ++k) {
    const FloatVector low = Simd<float>::load(panel + k * kPanelColumns);
    const FloatVector high = Simd<float>::load(panel + k * kPanelColumns + kLanes);
    prefetch_inputs(panel + (k + kPrefetchedInputs) * kPanelColumns);
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] += x[r * p.in + k] * low;
      sums[r][1] += x[r * p.in + k] * high;
    }
  }
  const std::int64_t left = p.out - column;
  const FloatVector bias[2] = {load_some(p.bias + column, left),
                               load_some(p.bias + column + kLanes, left - kLanes)};
  for (int r = 0; r < kRows; ++r) {
    float* y = p.y + (row + r) * p.out + column;
    store_some(y, activated(p.epilogue, sums[r][0] + bias[0]), left);
    store_some(y + kLanes, activated(p.epilogue, sums[r][1] + bias[1]), left - kLanes);
  }
}

// multiply_tile() for a number of rows that is not known before.
template <int kRows>
void multiply_rows(const Product& p,
                   std::int64_t row,
                   std::int64_t rows,
                   std::int64_t column,
                   const float* panel) {
  if (rows == kRows) {
    multiply_tile<kRows>(p, row, column, panel);
  } else if constexpr (kRows > 1) {
    multiply_rows<kRows - 1>(p, row, rows, column, panel);
  }
}

std::int64_t multiply_scratch(std::int64_t, std::int64_t, std::int64_t) {
  return 0;
}

void multiply(const Product& p) {
  for (std::int64_t column = 0; column < p.out; column += kPanelColumns) {
    const float* panel = p.weight + column * p.in;
    for (std::int64_t row = 0; row < p.rows;) {
      // The last two tiles share their rows: one of few rows leaves the arithmetic units waiting.
      const std::int64_t left = p.rows - row;
      const std::int64_t rows = left >= 2 * kTileRows || left == kTileRows ? kTileRows
                                : left > kTileRows                         ? (left + 1) / 2
                                                                           : left;
      multiply_rows<kTileRows>(p, row, rows, column, panel);
      row += rows;
    }
  }
}

}  // namespace
}  // namespace sbert
