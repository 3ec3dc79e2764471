#pragma once

#include <cstdint>
#include <span>

#include "sbert/base/matrix.h"

namespace sbert {

/// Rows [begin, end) of `a` times each row of `b`, on every core.
/// @param a [N, D]
/// @param b [M, D]
/// @return  [end - begin, M]
/// @throws Error(kInternal) if D differs or the rows are not there
FloatMatrix multiply_transposed(const FloatMatrix& a,
                                std::int64_t begin,
                                std::int64_t end,
                                const FloatMatrix& b);

/// The given rows of a matrix, in that order.
FloatMatrix take_rows(const FloatMatrix& matrix, std::span<const std::int64_t> rows);

}  // namespace sbert
