#include "sbert/eval/matrix_product.h"

#include <algorithm>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

at::Tensor tensor_of(const FloatMatrix& matrix, std::int64_t begin, std::int64_t end) {
  float* const first = const_cast<float*>(matrix.values.data()) + begin * matrix.columns;
  return at::from_blob(first, {end - begin, matrix.columns}, at::kFloat);
}

}  // namespace

FloatMatrix multiply_transposed(const FloatMatrix& a,
                                std::int64_t begin,
                                std::int64_t end,
                                const FloatMatrix& b) {
  if (a.columns != b.columns || begin < 0 || begin > end || end > a.rows) {
    fail(ErrorKind::kInternal, concat("rows ", begin, " to ", end, " of [", a.rows, ", ", a.columns,
                                      "] times [", b.rows, ", ", b.columns, "]"));
  }
  const c10::InferenceMode no_gradients;
  FloatMatrix product(end - begin, b.rows);
  at::Tensor out = tensor_of(product, 0, product.rows);
  at::mm_out(out, tensor_of(a, begin, end), tensor_of(b, 0, b.rows).t());
  return product;
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
