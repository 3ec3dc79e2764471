#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

struct CommunityOptions {
  double threshold = 0.75;     ///< least cosine of a member and the community's center
  std::int64_t min_size = 10;  ///< members, the center counted
};

/// Groups of rows that are all near one of them, as sentence-transformers' community_detection:
/// each row with enough neighbours is a candidate; the largest is taken first, and of the others
/// what is left of them if that is large enough and has the center. Rows may be in no community.
///
/// @param embeddings [N, D] of any length; the cosine counts
/// @return rows of each community, the center first, then by descending cosine; largest first,
///         equally large ones by their size before rows were taken, then by the row of the center
/// @throws Error(kUsage) if min_size is below 1 or the threshold is not between -1 and 1,
///         Error(kCancelled) when a stop is asked for
std::vector<std::vector<std::int64_t>> detect_communities(const FloatMatrix& embeddings,
                                                          const CommunityOptions& options,
                                                          const ComputeContext& context);

}  // namespace sbert
