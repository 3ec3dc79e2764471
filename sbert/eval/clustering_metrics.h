#pragma once

// How well groups that were found agree with groups that are known, as scikit-learn measures it.
// Only which items are together counts, not the numbers of the groups.

#include <cstdint>
#include <span>

namespace sbert {

struct ClusteringMetrics {
  double v_measure = 0;     ///< harmonic mean of homogeneity and completeness
  double homogeneity = 0;   ///< 1 if each cluster holds one class only
  double completeness = 0;  ///< 1 if each class lies in one cluster only
  double ari = 0;           ///< adjusted Rand index: 0 for groups by chance, 1 for the same ones
  double nmi = 0;           ///< mutual information over the mean of both entropies
  double purity = 0;        ///< share of the items that are of their cluster's most frequent class
};

/// @param classes  [N] the class of each item, a number of at least 0
/// @param clusters [N] its cluster, likewise
/// @throws Error(kInternal) if the lengths differ
ClusteringMetrics clustering_metrics(std::span<const std::int64_t> classes,
                                     std::span<const std::int64_t> clusters);

}  // namespace sbert
