#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

/// How far two groups are from each other, by the Euclidean distances of their points.
enum class Linkage {
  kWard,      ///< by how much the sum of squared distances to the means grows
  kAverage,   ///< the mean over all pairs
  kComplete,  ///< the greatest
};
constexpr auto enum_names(Linkage) {
  return std::to_array<EnumName<Linkage>>(
      {{"ward", Linkage::kWard}, {"average", Linkage::kAverage}, {"complete", Linkage::kComplete}});
}

/// Points above this number need more memory than agglomerative_clusters() takes: 2.5 GB.
constexpr std::int64_t kMaxAgglomerativePoints = 25'000;

/// Joins the two nearest groups over and over until `clusters` are left (nearest-neighbour chains:
/// Murtagh, Computer Journal 26, 1983). Takes N * N * 4 bytes and time in proportion to N * N.
///
/// @param points [N, D]
/// @return [N] clusters from 0, numbered by their first point
/// @throws Error(kUsage) if `clusters` is below 1 or above N, or N above kMaxAgglomerativePoints,
///         Error(kCancelled) when a stop is asked for
std::vector<std::int64_t> agglomerative_clusters(const FloatMatrix& points,
                                                 Linkage linkage,
                                                 std::int64_t clusters,
                                                 const ComputeContext& context);

}  // namespace sbert
