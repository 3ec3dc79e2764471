#include "sbert/search/packed_rows.h"

#include <algorithm>

namespace sbert {
namespace {

// Of a second-level cache, which the products and the other rows share.
constexpr std::int64_t kPackedBytes = 768 << 10;
constexpr std::int64_t kMostRows = 512;
// Whole panels of every instruction set.
constexpr std::int64_t kPanelRows = 32;
constexpr std::int64_t kFloatBytes = sizeof(float);

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace

std::int64_t PackedRows::best_size(std::int64_t count, std::int64_t columns) {
  const std::int64_t row_bytes = std::max<std::int64_t>(columns, 1) * kFloatBytes;
  const std::int64_t most =
      std::clamp(kPackedBytes / row_bytes / kPanelRows * kPanelRows, 2 * kPanelRows, kMostRows);
  const std::int64_t parts = std::max<std::int64_t>(ceil_div(count, most), 1);
  return std::max<std::int64_t>(ceil_div(ceil_div(count, parts), kPanelRows), 1) * kPanelRows;
}

PackedRows::PackedRows(MatrixView rows, const InferenceKernels& kernels)
    : kernels_(kernels),
      size_(rows.rows),
      columns_(rows.columns),
      zeros_(static_cast<std::size_t>(rows.rows)) {
  auto* packed =
      static_cast<float*>(memory_.get(kernels_.packed_size(size_, columns_) * kFloatBytes));
  kernels_.pack(rows.values, size_, columns_, packed);
  packed_ = packed;
}

const float* PackedRows::products(MatrixView others) {
  const std::int64_t count = others.rows * size_;
  auto* products = static_cast<float*>(products_.get(count * kFloatBytes));
  if (columns_ == 0) {
    std::fill_n(products, count, 0.0F);
    return products;
  }
  kernels_.multiply(
      {.x = others.values,
       .rows = others.rows,
       .in = columns_,
       .out = size_,
       .weight = packed_,
       .bias = zeros_.data(),
       .scratch = scratch_.get(kernels_.multiply_scratch(others.rows, columns_, size_)),
       .y = products});
  return products;
}

}  // namespace sbert
