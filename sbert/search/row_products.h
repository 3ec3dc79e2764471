#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

/// The dot product of each row of `a` with each row of `b`: a b^T, with the error of a sum of
/// floats. Its bits depend on the two rows alone, not on the others, on threads or on how callers
/// part the rows. Rows of `b` are copied as it goes, so the smaller matrix is best put there.
///
/// @param a [N, D]
/// @param b [M, D]
/// @return  [N, M]
/// @throws Error(kInternal) if D differs; Error(kCancelled)
FloatMatrix row_products(MatrixView a, MatrixView b, const ComputeContext& context);

/// The scores of one row with others: each has the bits that row_products(rows, row) and
/// exact_topk() give the pair, whatever is beside it; what the kernels make a NaN of is summed in
/// double, as there. On the calling thread.
/// @param rows [N, D]
/// @param row  [D]
/// @return     [N]
std::vector<float> pair_scores(MatrixView rows, std::span<const float> row);

/// The given rows of a matrix, in that order.
FloatMatrix take_rows(const FloatMatrix& matrix, std::span<const std::int64_t> rows);

}  // namespace sbert
