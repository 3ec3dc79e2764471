#pragma once

#include <cstdint>

#include "sbert/kernels/inference_simd.h"
#include "sbert/kernels/tiles.h"

// Floats as bfloat16, which tiles multiply, summing in float, at 16 times the peak rate of vectors
// of floats. A float of 24 significant bits is the exact sum of three bfloat16 of 8, high + middle
// + low (Henry, Tang and Heinecke, 2019, "Leveraging the bfloat16 Artificial Intelligence Datatype
// For Higher-Precision Computations"). What tiles load is a step: kStep of the values that are
// summed over, of a tile's rows of the left matrix or of a panel's columns of the right one.

namespace sbert {
namespace {

using Bfloat16 = std::uint16_t;

constexpr std::int64_t kPieces = 3;  // high, middle, low
constexpr std::int64_t kStep = 32;   // values that a row of a tile holds
constexpr std::int64_t kTileValues = kTile * kStep;
// A step of two tiles of columns, all pieces: [kPieces, 2, kStep / 2, kTile, 2].
constexpr std::int64_t kPanelStep = kPieces * 2 * kTileValues;
// A step of a tile of rows, all pieces: [kPieces, kTile, kStep].
constexpr std::int64_t kRowsStep = kPieces * kTileValues;
static_assert(kStep == 2 * kLanes && kTile == kLanes);

constexpr std::int64_t whole(std::int64_t count, std::int64_t size) {
  return (count + size - 1) / size;
}

// A bfloat16 is the upper half of a float's bits. This is the nearest one, of two the larger.
inline FloatVector rounded_to_bfloat16(FloatVector v) {
  IntVector bits;
  __builtin_memcpy(&bits, &v, sizeof bits);
  bits = (bits + 0x8000) & ~0xFFFF;
  __builtin_memcpy(&v, &bits, sizeof v);
  return v;
}

// Takes the next piece of the values off them, as floats. What is left for the last one has no more
// bits than that holds.
inline FloatVector take_piece(FloatVector& values, std::int64_t piece) {
  const FloatVector part = piece + 1 < kPieces ? rounded_to_bfloat16(values) : values;
  values -= part;
  return part;
}

// The upper halves of the floats, of the first vector and then of the second.
inline void store_bfloat16(FloatVector first, FloatVector second, Bfloat16* to) {
  using Halves __attribute__((vector_size(SBERT_VECTOR_BYTES))) = std::int16_t;
  const Halves halves = __builtin_shufflevector((Halves)first, (Halves)second, 1, 3, 5, 7, 9, 11,
                                                13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37,
                                                39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63);
  __builtin_memcpy(to, &halves, sizeof halves);
}

// The same, but the halves in turns.
inline void store_pairs(FloatVector even, FloatVector odd, Bfloat16* to) {
  IntVector low;
  IntVector high;
  __builtin_memcpy(&low, &even, sizeof low);
  __builtin_memcpy(&high, &odd, sizeof high);
  const IntVector pairs = (high & ~0xFFFF) | ((low >> 16) & 0xFFFF);
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

// The pieces of kStep values: [kPieces][kStep], `distance` apart.
inline void split(FloatVector first, FloatVector second, std::int64_t distance, Bfloat16* pieces) {
  for (std::int64_t piece = 0; piece < kPieces; ++piece, pieces += distance) {
    const FloatVector part = take_piece(first, piece);
    store_bfloat16(part, take_piece(second, piece), pieces);
  }
}

// Rows become columns: each round deals the upper half of the rows in between the lower one.
inline void transpose(FloatVector (&rows)[kTile]) {
  for (std::int64_t size = 1; size < kTile; size *= 2) {
    FloatVector dealt[kTile];
    for (std::int64_t i = 0; i < kTile / 2; ++i) {
      const FloatVector lower = rows[i];
      const FloatVector upper = rows[i + kTile / 2];
      dealt[2 * i] = __builtin_shufflevector(lower, upper, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21,
                                             6, 22, 7, 23);
      dealt[2 * i + 1] = __builtin_shufflevector(lower, upper, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                                 13, 29, 14, 30, 15, 31);
    }
    __builtin_memcpy(rows, dealt, sizeof dealt);
  }
}

struct Matrix {
  // The kLanes values of a row from a column on, zeros where there are none.
  FloatVector load(std::int64_t row, std::int64_t column) const {
    if (row >= rows) return FloatVector{};
    return load_some(values + row * columns + column, columns - column);
  }

  const float* values;  // [rows, columns]
  std::int64_t rows;
  std::int64_t columns;
};

// Some rows of a matrix as the rows of tiles: [count / kTile, steps, kRowsStep], steps of its
// columns.
inline void split_rows(const Matrix& matrix,
                       std::int64_t first_row,
                       std::int64_t count,
                       std::int64_t first_column,
                       std::int64_t steps,
                       Bfloat16* pieces) {
  for (std::int64_t i = 0; i < count; ++i) {
    Bfloat16* to = pieces + i / kTile * steps * kRowsStep + i % kTile * kStep;
    for (std::int64_t step = 0; step < steps; ++step, to += kRowsStep) {
      const std::int64_t k = first_column + step * kStep;
      split(matrix.load(first_row + i, k), matrix.load(first_row + i, k + kLanes), kTileValues, to);
    }
  }
}

// The same of some columns, steps of the matrix's rows.
inline void split_columns(const Matrix& matrix,
                          std::int64_t first_column,
                          std::int64_t count,
                          std::int64_t first_row,
                          std::int64_t steps,
                          Bfloat16* pieces) {
  for (std::int64_t tile = 0; tile < count; tile += kTile) {
    for (std::int64_t step = 0; step < steps; ++step, pieces += kRowsStep) {
      FloatVector halves[2][kTile];
      for (std::int64_t k = 0; k < kStep; ++k)
        halves[k / kTile][k % kTile] =
            matrix.load(first_row + step * kStep + k, first_column + tile);
      transpose(halves[0]);
      transpose(halves[1]);
      for (std::int64_t j = 0; j < kTile; ++j)
        split(halves[0][j], halves[1][j], kTileValues, pieces + j * kStep);
    }
  }
}

// A step of kTile rows as that of a tile of columns, whose pieces are 2 tiles apart.
inline void pack_tile_of_rows(const Matrix& matrix,
                              std::int64_t row,
                              std::int64_t column,
                              Bfloat16* to) {
  FloatVector pieces[kPieces][kTile];  // of the values, pairs of which a lane holds
  for (std::int64_t j = 0; j < kTile; ++j)
    split(matrix.load(row + j, column), matrix.load(row + j, column + kLanes), kTileValues,
          reinterpret_cast<Bfloat16*>(&pieces[0][j]));
  for (std::int64_t piece = 0; piece < kPieces; ++piece, to += 2 * kTileValues) {
    transpose(pieces[piece]);
    __builtin_memcpy(to, pieces[piece], sizeof pieces[piece]);
  }
}

// The same of kTile columns, a step of the matrix's rows.
inline void pack_tile_of_columns(const Matrix& matrix,
                                 std::int64_t row,
                                 std::int64_t column,
                                 Bfloat16* to) {
  for (std::int64_t k = 0; k < kStep; k += 2) {
    FloatVector even = matrix.load(row + k, column);
    FloatVector odd = matrix.load(row + k + 1, column);
    for (std::int64_t piece = 0; piece < kPieces; ++piece) {
      const FloatVector part = take_piece(even, piece);
      store_pairs(part, take_piece(odd, piece), to + 2 * piece * kTileValues + k * kTile);
    }
  }
}

// Calls pack(i, k, tile) for the tiles of panels, [count / kPanelColumns, steps, kPanelStep]:
// columns from the i-th on, a step from the k-th value on.
template <typename Pack>
inline void pack_panels(std::int64_t count,
                        std::int64_t first,
                        std::int64_t steps,
                        Bfloat16* packed,
                        const Pack& pack) {
  for (std::int64_t i = 0; i < count; i += kPanelColumns) {
    for (std::int64_t step = 0; step < steps; ++step, packed += kPanelStep) {
      pack(i, first + step * kStep, packed);
      pack(i + kTile, first + step * kStep, packed + kTileValues);
    }
  }
}

// All rows of a matrix as the columns of panels, steps of its columns.
inline void pack_rows(const Matrix& matrix,
                      std::int64_t first_column,
                      std::int64_t steps,
                      Bfloat16* packed) {
  pack_panels(matrix.rows, first_column, steps, packed,
              [&](std::int64_t row, std::int64_t column, Bfloat16* tile) {
                pack_tile_of_rows(matrix, row, column, tile);
              });
}

// The same of all columns, steps of the matrix's rows.
inline void pack_columns(const Matrix& matrix,
                         std::int64_t first_row,
                         std::int64_t steps,
                         Bfloat16* packed) {
  pack_panels(matrix.columns, first_row, steps, packed,
              [&](std::int64_t column, std::int64_t row, Bfloat16* tile) {
                pack_tile_of_columns(matrix, row, column, tile);
              });
}

}  // namespace
}  // namespace sbert
