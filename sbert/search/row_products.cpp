#include "sbert/search/row_products.h"

#include <algorithm>
#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/packed_rows.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// Rows of `a` that are multiplied for one layout of rows of `b`, at least.
constexpr std::int64_t kLeastPartRows = 2 * PackedRows::kBlockRows;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

struct Range {
  std::int64_t begin;
  std::int64_t end;
};

// The products of some of a's rows with some of b's rows, from first_column of the result on.
void multiply_part(MatrixView a,
                   Range part,
                   PackedRows& packed,
                   std::int64_t first_column,
                   const StopToken& stop,
                   FloatMatrix& result) {
  for (std::int64_t row = part.begin; row < part.end; row += PackedRows::kBlockRows) {
    stop.throw_if_stopped();
    const std::int64_t count = std::min(PackedRows::kBlockRows, part.end - row);
    const float* products = packed.products(a.part(row, count));
    for (std::int64_t i = 0; i < count; ++i) {
      float* to = result.values.data() + (row + i) * result.columns + first_column;
      std::copy_n(products + i * packed.size(), packed.size(), to);
    }
  }
}

}  // namespace

FloatMatrix row_products(MatrixView a, MatrixView b, const ComputeContext& context) {
  if (a.columns != b.columns) {
    fail(ErrorKind::kInternal, concat("rows of [", a.rows, ", ", a.columns, "] times rows of [",
                                      b.rows, ", ", b.columns, "]"));
  }
  FloatMatrix result(a.rows, b.rows);
  if (a.rows == 0 || b.rows == 0) return result;
  const std::int64_t tile = PackedRows::best_size(b.rows, b.columns);
  const std::int64_t tiles = ceil_div(b.rows, tile);
  const std::int64_t wanted_parts = ceil_div(2 * context.pool.num_threads(), tiles);
  const std::int64_t parts = std::clamp<std::int64_t>(a.rows / kLeastPartRows, 1, wanted_parts);
  context.pool.for_each(
      static_cast<std::size_t>(tiles * parts),
      [&](std::size_t task) {
        const auto number = static_cast<std::int64_t>(task);
        const std::int64_t first = number / parts * tile;
        const std::int64_t part = number % parts;
        PackedRows packed(b.part(first, std::min(tile, b.rows - first)));
        multiply_part(a, {a.rows * part / parts, a.rows * (part + 1) / parts}, packed, first,
                      context.stop, result);
      },
      context.stop);
  return result;
}

std::vector<float> pair_scores(MatrixView rows, std::span<const float> row) {
  PackedRows packed(MatrixView(row.data(), 1, std::ssize(row)));
  std::vector<float> scores;
  scores.reserve(static_cast<std::size_t>(rows.rows));
  for (std::int64_t first = 0; first < rows.rows; first += PackedRows::kBlockRows) {
    const std::int64_t count = std::min(PackedRows::kBlockRows, rows.rows - first);
    const float* products = packed.products(rows.part(first, count));
    scores.insert(scores.end(), products, products + count);
  }
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    float& score = scores[static_cast<std::size_t>(i)];
    if (std::isnan(score)) score = static_cast<float>(dot_product(rows.row(i), row));
  }
  return scores;
}

FloatMatrix take_rows(const FloatMatrix& matrix, std::span<const std::int64_t> rows) {
  FloatMatrix taken(static_cast<std::int64_t>(rows.size()), matrix.columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<const float> row = matrix.row(rows[i]);
    std::copy(row.begin(), row.end(), taken.row(static_cast<std::int64_t>(i)).begin());
  }
  return taken;
}

}  // namespace sbert
