#pragma once

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/inference_simd.h"

#if defined(__AMX_TILE__)
#include "sbert/kernels/tiles.h"
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The product of 8-bit integers. The inputs of an output stand in fours, which one instruction
// multiplies and adds: a panel is [in / 4, kPanelColumns, 4].
//
// Sums of integers are exact in any order, so the inputs stand in the order in which vectors of
// 32-bit integers become bytes without a shuffle: of each kGroup inputs, input j kLanes + i is byte
// 4 i + j.

namespace sbert {
namespace {

constexpr std::int64_t kFour = 4;
constexpr std::int64_t kGroup = kFour * kLanes;

// The input whose value is the given byte of a quantized row.
constexpr std::int64_t input_of(std::int64_t byte) {
  const std::int64_t within = byte % kGroup;
  return byte - within + within % kFour * kLanes + within / kFour;
}

// 255 * 128 is below 2^15, where the instruction of AVX2 saturates the sum of two products.
#if defined(__AVX2__) && !defined(__AVX512VNNI__)
constexpr std::int32_t kMaxInt8Pair = 128;
#else
constexpr std::int32_t kMaxInt8Pair = 254;
#endif
constexpr int kInt8TileRows = SBERT_VECTOR_BYTES == 64 ? 12 : 4;

// Adds to each lane of `sum` the four products of unsigned bytes of `x` and signed bytes of `w`.
inline IntVector add_products(IntVector sum, std::int32_t x_bytes, IntVector w) {
#if defined(__AVX512VNNI__)
  return (IntVector)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(x_bytes), (__m512i)w);
#elif defined(__AVX512BW__)
  const __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi32(x_bytes), (__m512i)w);
  return sum + (IntVector)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
#elif defined(__AVX2__)
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(x_bytes), (__m256i)w);
  return sum + (IntVector)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#elif defined(__SSE2__)
  // Even and odd bytes as 16-bit integers.
  const __m128i x = _mm_set1_epi32(x_bytes);
  const __m128i bytes = (__m128i)w;
  const __m128i even = _mm_madd_epi16(_mm_and_si128(x, _mm_set1_epi16(0xFF)),
                                      _mm_srai_epi16(_mm_slli_epi16(bytes, 8), 8));
  const __m128i odd = _mm_madd_epi16(_mm_srli_epi16(x, 8), _mm_srai_epi16(bytes, 8));
  return sum + (IntVector)even + (IntVector)odd;
#else
  for (int byte = 0; byte < 4; ++byte)
    sum += ((w << (24 - 8 * byte)) >> 24) * (x_bytes >> (8 * byte) & 0xFF);
  return sum;
#endif
}

inline IntVector load_ints(const void* from) {
  IntVector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

std::int64_t packed_size_int8(std::int64_t out, std::int64_t in) {
  return (out + kPanelColumns - 1) / kPanelColumns * kPanelColumns * int8_row_bytes(in);
}

// NOLINTNEXTLINE(readability-function-size): a loop for each dimension
void pack_int8(const std::int8_t* weight, std::int64_t out, std::int64_t in, std::int8_t* packed) {
  const std::int64_t padded = int8_row_bytes(in);
  for (std::int64_t first = 0; first < out; first += kPanelColumns) {
    for (std::int64_t k = 0; k < padded; k += kFour) {
      for (std::int64_t j = first; j < first + kPanelColumns; ++j) {
        for (std::int64_t byte = k; byte < k + kFour; ++byte) {
          const std::int64_t i = input_of(byte);
          *packed++ = j < out && i < in ? weight[j * in + i] : std::int8_t{0};
        }
      }
    }
  }
}

// What turns the integer sums of a panel into outputs.
struct Int8Columns {
  Int8Columns(const Int8Product& p, std::int64_t column) : left(p.out - column) {
    for (int half = 0; half < 2; ++half) {
      const std::int64_t some = left - half * kLanes;
      scale[half] = load_some(p.weight_scale + column + half * kLanes, some);
      bias[half] = load_some(p.bias + column + half * kLanes, some);
      sum[half] = IntVector{};
      for (std::int64_t i = 0; i < kLanes && i < some; ++i)
        sum[half][i] = p.weight_sum[column + half * kLanes + i];
    }
  }

  std::int64_t left;  // outputs from the panel's first on
  FloatVector scale[2] = {};
  FloatVector bias[2] = {};
  IntVector sum[2] = {};
};

inline void store_int8_sums(const Int8Product& p,
                            const Int8Columns& columns,
                            std::int64_t row,
                            std::int64_t column,
                            IntVector low,
                            IntVector high) {
  const IntVector sums[2] = {low, high};
  for (int half = 0; half < 2; ++half) {
    const FloatVector whole =
        __builtin_convertvector(sums[half] - columns.sum[half] * p.x_zero[row], FloatVector);
    const FloatVector v = whole * (columns.scale[half] * p.x_scale[row]) + columns.bias[half];
    store_some(p.y + row * p.out + column + half * kLanes, activated(p.epilogue, v),
               columns.left - half * kLanes);
  }
}

#if defined(__AMX_INT8__)

// sums [2 * kTile, kPanelColumns] for up to 2 * kTile rows; what stands in rows beyond the last one
// gives sums that nobody reads.
inline void multiply_tiles(const std::uint8_t* x,
                           std::int64_t stride,
                           bool has_second,
                           const std::int8_t* panel,
                           std::int32_t* sums) {
  constexpr std::int64_t kPanelRow = kPanelColumns * kFour;
  zero_sum_tiles();
  for (std::int64_t k = 0; k < stride; k += 64) {
    const std::int8_t* weights = panel + k * kPanelColumns;
    _tile_loadd(6, weights, kPanelRow);
    _tile_loadd(7, weights + 64, kPanelRow);
    _tile_loadd(4, x + k, stride);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    if (has_second) {
      _tile_loadd(5, x + kTile * stride + k, stride);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  }
  store_sum_tiles(sums);
}

void multiply_int8(const Int8Product& p) {
  alignas(64) std::int32_t sums[2 * kTile * kPanelColumns];
  const std::int64_t stride = int8_row_bytes(p.in);
  _tile_loadconfig(&kTiles);
  for (std::int64_t column = 0; column < p.out; column += kPanelColumns) {
    const Int8Columns columns(p, column);
    for (std::int64_t row = 0; row < p.rows; row += 2 * kTile) {
      const std::int64_t left = p.rows - row;
      multiply_tiles(p.x + row * stride, stride, left > kTile, p.weight + column * stride, sums);
      for (std::int64_t r = 0; r < left && r < 2 * kTile; ++r) {
        const std::int32_t* each = sums + r * kPanelColumns;
        store_int8_sums(p, columns, row + r, column, load_ints(each), load_ints(each + kLanes));
      }
    }
  }
  _tile_release();
}

#else

template <int kRows>
void multiply_int8_tile(const Int8Product& p,
                        const Int8Columns& columns,
                        std::int64_t row,
                        std::int64_t column,
                        const std::int8_t* __restrict panel) {
  const std::int64_t stride = int8_row_bytes(p.in);
  const std::uint8_t* __restrict x = p.x + row * stride;
  IntVector sums[kRows][2] = {};
  for (std::int64_t k = 0; k < stride; k += kFour) {
    const IntVector low = load_ints(panel + k * kPanelColumns);
    const IntVector high = load_ints(panel + k * kPanelColumns + SBERT_VECTOR_BYTES);
    for (int r = 0; r < kRows; ++r) {
      std::int32_t bytes;
      __builtin_memcpy(&bytes, x + r * stride + k, sizeof bytes);
      sums[r][0] = add_products(sums[r][0], bytes, low);
      sums[r][1] = add_products(sums[r][1], bytes, high);
    }
  }
  for (int r = 0; r < kRows; ++r)
    store_int8_sums(p, columns, row + r, column, sums[r][0], sums[r][1]);
}

template <int kRows>
void multiply_int8_rows(const Int8Product& p,
                        const Int8Columns& columns,
                        std::int64_t row,
                        std::int64_t rows,
                        std::int64_t column,
                        const std::int8_t* panel) {
  if (rows == kRows) {
    multiply_int8_tile<kRows>(p, columns, row, column, panel);
  } else if constexpr (kRows > 1) {
    multiply_int8_rows<kRows - 1>(p, columns, row, rows, column, panel);
  }
}

void multiply_int8(const Int8Product& p) {
  const std::int64_t stride = int8_row_bytes(p.in);
  for (std::int64_t column = 0; column < p.out; column += kPanelColumns) {
    const Int8Columns columns(p, column);
    for (std::int64_t row = 0; row < p.rows; row += kInt8TileRows) {
      const std::int64_t left = p.rows - row;
      multiply_int8_rows<kInt8TileRows>(p, columns, row,
                                        left < kInt8TileRows ? left : kInt8TileRows, column,
                                        p.weight + column * stride);
    }
  }
}

#endif

struct Range {
  float least;
  float most;
};

// Of the values and 0; `most` is NaN if a value is not finite, which no comparison would show.
Range range_of(const float* x, std::int64_t count) {
  FloatVector least = {};
  FloatVector most = {};
  FloatVector zeros = {};
  for (std::int64_t k = 0; k < count; k += kLanes) {
    const FloatVector v = load_some(x + k, count - k);
    least = -Simd<float>::larger(-least, -v);
    most = Simd<float>::larger(most, v);
    zeros += v * 0.0F;
  }
  Range range = {0, 0};
  for (std::int64_t i = 0; i < kLanes; ++i) {
    range.least = least[i] < range.least ? least[i] : range.least;
    range.most = most[i] > range.most ? most[i] : range.most;
  }
  for (std::int64_t i = 0; i < kLanes; ++i)
    range.most += zeros[i];
  return range;
}

void quantize_rows(const float* x,
                   std::int64_t rows,
                   std::int64_t in,
                   std::uint8_t* x8,
                   float* scale,
                   std::int32_t* zero) {
  // One at each end less than bytes have: a range whose ends are not integers may round outwards.
  constexpr float kSteps = 253;
  // Beyond them the factor or the width are not numbers.
  constexpr float kLeastWidth = 1e-35F;
  constexpr float kMostWidth = 3.4e38F;
  // Added to a number below 2^22, it leaves the number, rounded to even, in the low bits.
  constexpr float kRound = 12'582'912.0F;
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * in;
    std::uint8_t* to = x8 + row * int8_row_bytes(in);
    const auto [least, most] = range_of(from, in);
    const float width = most - least;
    const float factor = width > kLeastWidth && width <= kMostWidth ? kSteps / width : 0.0F;
    scale[row] = width / kSteps;
    zero[row] = 1 + (factor > 0 ? static_cast<std::int32_t>(0.5F - least * factor) : 0);
    const float shift = kRound + static_cast<float>(zero[row]);
    for (std::int64_t k = 0; k < int8_row_bytes(in); k += kGroup) {
      IntVector bytes = {};
      for (std::int64_t j = 0; j < kFour; ++j) {
        const std::int64_t first = k + j * kLanes;
        const FloatVector shifted = load_some(from + first, in - first) * factor + shift;
        IntVector bits;
        __builtin_memcpy(&bits, &shifted, sizeof bits);
        bytes |= (bits & 0xFF) << (8 * j);
      }
      __builtin_memcpy(to + k, &bytes, sizeof bytes);
    }
  }
}

}  // namespace
}  // namespace sbert
