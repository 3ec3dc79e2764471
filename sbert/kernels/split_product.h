#pragma once

#include <cstdint>

#include <immintrin.h>

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/inference_simd.h"
#include "sbert/kernels/split_pieces.h"
#include "sbert/kernels/tiles.h"

// The product of floats on tiles, as pieces of bfloat16. A product of two floats is the sum of nine
// products of their pieces, of which the three smallest are below 2^-24 of it. The six others are
// computed: the error is that of a sum of floats, in less time than vectors take.

namespace sbert {
namespace {

// Steps that are multiplied before the next ones: their pieces of a block of rows have to stay in
// the second cache while all weights pass by.
constexpr std::int64_t kMostSteps = 16;
constexpr std::int64_t kSums = 2 * kTile * kPanelColumns;
constexpr std::int64_t kBesidesAStep = 3;  // calls of add_steps() for what else there is to do
constexpr std::int64_t kCacheLine = 64;

std::int64_t packed_size(std::int64_t out, std::int64_t in) {
  constexpr std::int64_t kPerFloat = sizeof(float) / sizeof(Bfloat16);
  return whole(out, kPanelColumns) * whole(in, kStep) * kPanelStep / kPerFloat;
}

void pack(const float* weight, std::int64_t out, std::int64_t in, float* packed) {
  pack_rows({weight, out, in}, 0, whole(in, kStep), reinterpret_cast<Bfloat16*>(packed));
}

// How a product goes: steps, and blocks of sums, [2 kTile, kPanelColumns].
struct SplitPlan {
  SplitPlan(std::int64_t rows, std::int64_t in, std::int64_t out)
      : steps(whole(in, kStep)),
        row_pairs(whole(rows, 2 * kTile)),
        panels(whole(out, kPanelColumns)),
        sums_kept(steps > kMostSteps ? row_pairs * panels : 2) {}

  std::int64_t steps_from(std::int64_t first) const {
    return steps - first < kMostSteps ? steps - first : kMostSteps;
  }
  std::int64_t pieces_bytes() const {
    return 2 * row_pairs * steps_from(0) * kRowsStep * static_cast<std::int64_t>(sizeof(Bfloat16));
  }
  std::int64_t sums_bytes() const {
    return sums_kept * kSums * static_cast<std::int64_t>(sizeof(float));
  }

  std::int64_t steps;
  std::int64_t row_pairs;
  std::int64_t panels;
  // All from some steps to the next, or one while the other becomes outputs.
  std::int64_t sums_kept;
};

std::int64_t multiply_scratch(std::int64_t rows, std::int64_t in, std::int64_t out) {
  const SplitPlan plan(rows, in, out);
  return plan.pieces_bytes() + plan.sums_bytes();
}

template <bool kHasSecond>
inline void load_rows(const Bfloat16* x, std::int64_t stride, std::int64_t piece) {
  _tile_loadd(4, x + piece * kTileValues, kTileRowBytes);
  if constexpr (kHasSecond) _tile_loadd(5, x + stride + piece * kTileValues, kTileRowBytes);
}

inline void load_columns(const Bfloat16* panel, std::int64_t piece) {
  _tile_loadd(6, panel + 2 * piece * kTileValues, kTileRowBytes);
  _tile_loadd(7, panel + (2 * piece + 1) * kTileValues, kTileRowBytes);
}

template <bool kHasSecond>
inline void multiply_loaded() {
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  if constexpr (kHasSecond) {
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

// Adds the products of one or two tiles of rows, `stride` apart, with a panel's columns to the
// sums. The order of the pieces has the fewest loads. Tiles leave most of the processor idle, so
// `beside` is called for a part of what else there is to do, kBesidesAStep times a step.
template <bool kHasSecond, typename Beside>
inline void add_steps(const Bfloat16* x,
                      std::int64_t stride,
                      std::int64_t steps,
                      const Bfloat16* panel,
                      const Beside& beside) {
  constexpr std::int64_t kHigh = 0, kMiddle = 1, kLow = 2;
  for (std::int64_t step = 0; step < steps; ++step, x += kRowsStep, panel += kPanelStep) {
    load_rows<kHasSecond>(x, stride, kLow);
    load_columns(panel, kHigh);
    multiply_loaded<kHasSecond>();
    load_rows<kHasSecond>(x, stride, kHigh);
    multiply_loaded<kHasSecond>();
    beside();
    load_columns(panel, kMiddle);
    multiply_loaded<kHasSecond>();
    load_rows<kHasSecond>(x, stride, kMiddle);
    multiply_loaded<kHasSecond>();
    beside();
    load_columns(panel, kHigh);
    multiply_loaded<kHasSecond>();
    load_rows<kHasSecond>(x, stride, kHigh);
    load_columns(panel, kLow);
    multiply_loaded<kHasSecond>();
    beside();
  }
}

// Sums on their way to y = epilogue(sums + bias), or to y += sums, for the rows and columns that
// are there.
template <Epilogue kEpilogue, bool kAdds = false>
class Outputs {
 public:
  explicit Outputs(const Product& product) : p_(product) {}

  void begin(const float* sums, std::int64_t row, std::int64_t column) {
    sums_ = sums;
    row_ = row;
    end_ = row + 2 * kTile < p_.rows ? row + 2 * kTile : p_.rows;
    column_ = column;
    left_ = p_.out - column;
    if (p_.bias == nullptr) return;
    bias_[0] = load_some(p_.bias + column, left_);
    bias_[1] = load_some(p_.bias + column + kLanes, left_ - kLanes);
  }

  void store(std::int64_t rows) {
    for (; rows > 0 && row_ < end_; --rows, ++row_, sums_ += kPanelColumns) {
      float* y = p_.y + row_ * p_.out + column_;
      store(y, Simd<float>::load(sums_) + bias_[0], left_);
      store(y + kLanes, Simd<float>::load(sums_ + kLanes) + bias_[1], left_ - kLanes);
    }
  }
  void finish() { store(2 * kTile); }

 private:
  static void store(float* y, FloatVector sums, std::int64_t count) {
    store_some(y, kAdds ? load_some(y, count) + sums : activated(kEpilogue, sums), count);
  }

  const Product& p_;
  const float* sums_ = nullptr;
  std::int64_t row_ = 0;
  std::int64_t end_ = 0;
  std::int64_t column_ = 0;
  std::int64_t left_ = 0;
  FloatVector bias_[2] = {};
};

// Some steps of all sums; outputs of the last ones.
template <typename Outputs>
void multiply_steps(const Product& p,
                    const SplitPlan& plan,
                    std::int64_t first,
                    const Bfloat16* pieces,
                    float* all_sums,
                    Outputs& outputs) {
  const std::int64_t steps = plan.steps_from(first);
  const std::int64_t stride = steps * kRowsStep;
  const std::int64_t rows_beside = whole(2 * kTile, kBesidesAStep * steps);
  const std::int64_t ahead_bytes =
      kPanelStep * static_cast<std::int64_t>(sizeof(Bfloat16)) / kBesidesAStep / plan.row_pairs;
  const char* ahead = nullptr;  // in the next panel, which each pair of rows fetches a share of
  const auto beside = [&] {
    outputs.store(rows_beside);
    for (std::int64_t i = 0; i < ahead_bytes; i += kCacheLine)
      __builtin_prefetch(ahead + i, 0, 2);
    ahead += ahead_bytes;
  };
  const auto* columns = reinterpret_cast<const Bfloat16*>(p.weight) + first * kPanelStep;
  for (std::int64_t panel = 0; panel < plan.panels; ++panel, columns += plan.steps * kPanelStep) {
    for (std::int64_t pair = 0; pair < plan.row_pairs; ++pair) {
      const std::int64_t block = panel * plan.row_pairs + pair;
      const std::int64_t row = 2 * pair * kTile;
      float* sums = all_sums + block % plan.sums_kept * kSums;
      ahead = reinterpret_cast<const char*>(columns + plan.steps * kPanelStep) +
              pair * steps * kBesidesAStep * ahead_bytes;
      if (first == 0) {
        zero_sum_tiles();
      } else {
        load_sum_tiles(sums);
      }
      if (p.rows - row > kTile) {
        add_steps<true>(pieces + 2 * pair * stride, stride, steps, columns, beside);
      } else {
        add_steps<false>(pieces + 2 * pair * stride, stride, steps, columns, beside);
      }
      outputs.finish();
      store_sum_tiles(sums);
      if (first + steps == plan.steps) outputs.begin(sums, row, panel * kPanelColumns);
    }
  }
}

template <Epilogue kEpilogue>
void multiply_and(const Product& p) {
  const SplitPlan plan(p.rows, p.in, p.out);
  auto* pieces = static_cast<Bfloat16*>(p.scratch);
  auto* sums = reinterpret_cast<float*>(static_cast<char*>(p.scratch) + plan.pieces_bytes());
  Outputs<kEpilogue> outputs(p);
  _tile_loadconfig(&kTiles);
  for (std::int64_t first = 0; first < plan.steps; first += kMostSteps) {
    split_rows({p.x, p.rows, p.in}, 0, p.rows, first * kStep, plan.steps_from(first), pieces);
    multiply_steps(p, plan, first, pieces, sums, outputs);
  }
  outputs.finish();
  _tile_release();
}

void multiply(const Product& p) {
  if (p.rows == 0) return;
  switch (p.epilogue) {
    case Epilogue::kNone:
      return multiply_and<Epilogue::kNone>(p);
    case Epilogue::kGelu:
      return multiply_and<Epilogue::kGelu>(p);
    case Epilogue::kGeluTanh:
      return multiply_and<Epilogue::kGeluTanh>(p);
    case Epilogue::kRelu:
      return multiply_and<Epilogue::kRelu>(p);
  }
}

}  // namespace
}  // namespace sbert
