#pragma once

#include <cstdint>

#include <immintrin.h>

#include "sbert/kernels/inference_simd.h"

// The tiles of AMX as the products use them: eight of 16 rows of 64 bytes. 0 to 3 are sums, of 2 by
// 2 tiles of a result of kPanelColumns columns; 4 and 5 are rows of x, 6 and 7 columns of weights.

namespace sbert {
namespace {

constexpr std::int64_t kTile = 16;
constexpr std::int64_t kTileRowBytes = 64;
static_assert(kPanelColumns == 2 * kTile);

struct TileConfig {
  std::uint8_t palette;
  std::uint8_t start_row;
  std::uint8_t reserved[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};
alignas(64) constexpr TileConfig kTiles{
    1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

// Of sums [2 kTile, kPanelColumns] of 32 bits.
constexpr std::int64_t kSumsRowBytes = kPanelColumns * 4;

template <typename Sum>
inline void store_sum_tiles(Sum* sums) {
  _tile_stored(0, sums, kSumsRowBytes);
  _tile_stored(1, sums + kTile, kSumsRowBytes);
  _tile_stored(2, sums + kTile * kPanelColumns, kSumsRowBytes);
  _tile_stored(3, sums + kTile * kPanelColumns + kTile, kSumsRowBytes);
}

template <typename Sum>
inline void load_sum_tiles(const Sum* sums) {
  _tile_loadd(0, sums, kSumsRowBytes);
  _tile_loadd(1, sums + kTile, kSumsRowBytes);
  _tile_loadd(2, sums + kTile * kPanelColumns, kSumsRowBytes);
  _tile_loadd(3, sums + kTile * kPanelColumns + kTile, kSumsRowBytes);
}

inline void zero_sum_tiles() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

}  // namespace
}  // namespace sbert
