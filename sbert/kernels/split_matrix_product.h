#pragma once

#include <cstdint>

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/split_pieces.h"
#include "sbert/kernels/split_product.h"

// The product of two matrices on tiles, neither of which was packed before: block by block of what
// is summed over, the right one is packed, and blocks of rows of the left one pass by.

namespace sbert {
namespace {

// Rows whose pieces stay in the second cache while a block of the right matrix passes by.
constexpr std::int64_t kBlockRows = 192;

std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

// Values of a block of the right matrix.
std::int64_t block_size(const MatrixProduct& p) {
  return whole(p.n, kPanelColumns) * smaller(whole(p.k, kStep), kMostSteps) * kPanelStep;
}

std::int64_t matrix_scratch(const MatrixProduct& p) {
  return block_size(p) * static_cast<std::int64_t>(sizeof(Bfloat16)) +
         multiply_scratch(smaller(p.m, kBlockRows), smaller(p.k, kMostSteps * kStep), p.n);
}

// A block of the right matrix.
void pack_block(const MatrixProduct& p, std::int64_t first, std::int64_t steps, Bfloat16* packed) {
  if (p.b_is_transposed) {
    pack_rows({p.b, p.n, p.k}, first, steps, packed);
  } else {
    pack_columns({p.b, p.k, p.n}, first, steps, packed);
  }
}

// Some rows of the left matrix in the same block.
void split_block(const MatrixProduct& p,
                 std::int64_t row,
                 std::int64_t rows,
                 std::int64_t first,
                 std::int64_t steps,
                 Bfloat16* pieces) {
  if (p.a_is_transposed) {
    split_columns({p.a, p.k, p.m}, row, rows, first, steps, pieces);
  } else {
    split_rows({p.a, p.m, p.k}, row, rows, first, steps, pieces);
  }
}

// c = or += the block's part of the product
template <bool kAdds>
void multiply_block(const MatrixProduct& p, std::int64_t first, std::int64_t steps) {
  auto* packed = static_cast<Bfloat16*>(p.scratch);
  pack_block(p, first, steps, packed);
  Bfloat16* pieces = packed + block_size(p);
  for (std::int64_t row = 0; row < p.m; row += kBlockRows) {
    const Product part{.x = nullptr,
                       .rows = smaller(kBlockRows, p.m - row),
                       .in = steps * kStep,
                       .out = p.n,
                       .weight = reinterpret_cast<const float*>(packed),
                       .bias = kAdds ? nullptr : p.bias,
                       .epilogue = Epilogue::kNone,
                       .scratch = pieces,
                       .y = p.c + row * p.n};
    const SplitPlan plan(part.rows, part.in, part.out);
    split_block(p, row, part.rows, first, steps, pieces);
    auto* sums = reinterpret_cast<float*>(reinterpret_cast<char*>(pieces) + plan.pieces_bytes());
    Outputs<Epilogue::kNone, kAdds> outputs(part);
    multiply_steps(part, plan, 0, pieces, sums, outputs);
    outputs.finish();
  }
}

void multiply_matrices(const MatrixProduct& p) {
  _tile_loadconfig(&kTiles);
  const std::int64_t all_steps = whole(p.k, kStep);
  for (std::int64_t step = 0; step < all_steps; step += kMostSteps) {
    const std::int64_t steps = smaller(kMostSteps, all_steps - step);
    if (step == 0) {
      multiply_block<false>(p, 0, steps);
    } else {
      multiply_block<true>(p, step * kStep, steps);
    }
  }
  _tile_release();
}

}  // namespace
}  // namespace sbert
