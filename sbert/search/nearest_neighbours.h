#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

/// Predicts for each row the most frequent class of the k nearest training rows by dot product; of
/// equally frequent classes the lowest.
///
/// @param train  [N, D]
/// @param labels [N] class numbers, at least 0
/// @param rows   [M, D]
/// @return       [M]
/// @throws Error(kUsage) if k is below 1; Error(kCancelled)
std::vector<std::int64_t> classify_by_neighbours(const FloatMatrix& train,
                                                 std::span<const std::int64_t> labels,
                                                 const FloatMatrix& rows,
                                                 std::int64_t k,
                                                 const ComputeContext& context);

}  // namespace sbert
