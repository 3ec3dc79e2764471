#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

struct KMeansOptions {
  std::int64_t clusters = 8;
  std::int64_t batch_size = 1024;  ///< points that move the centers at a time
  int max_epochs = 20;             ///< times that all points are seen in batches
  int max_refinements = 20;        ///< steps of Lloyd's algorithm over all points after that
  int restarts = 3;                ///< runs from other centers; the best one counts
  std::uint64_t seed = 0;
};

struct KMeansResult {
  std::vector<std::int64_t> clusters;  ///< [N] the nearest center of each point
  FloatMatrix centers;                 ///< [K, D]
  double inertia = 0;                  ///< sum of the squared distances to the nearest centers
};

/// Groups points by mini-batch k-means (Sculley, WWW 2010) from centers that k-means++ (Arthur and
/// Vassilvitskii, SODA 2007) takes from a sample. A center that no point is nearest to moves to the
/// point that is farthest from its own. The same seed gives the same groups on any number of
/// threads.
///
/// @param points [N, D]
/// @throws Error(kUsage) if an option is below 1 or there are more clusters than points,
///         Error(kCancelled) when a stop is asked for
KMeansResult mini_batch_k_means(const FloatMatrix& points,
                                const KMeansOptions& options,
                                const ComputeContext& context);

}  // namespace sbert
