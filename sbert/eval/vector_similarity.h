#pragma once

#include <array>
#include <span>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/model/similarity.h"

namespace sbert {

inline constexpr std::array kSimilarities{Similarity::kCosine, Similarity::kDot,
                                          Similarity::kEuclidean, Similarity::kManhattan};

/// True for euclidean and manhattan, which are 0 for equal vectors and the greater the less alike.
bool is_distance(Similarity similarity);

/// How near two vectors of the same length are, summed in double: the higher the nearer, so a
/// distance is negated. The cosine with a vector of zeros is 0.
double nearness(Similarity similarity, std::span<const float> a, std::span<const float> b);

/// The nearness of row i of both matrices, for each i.
/// @param a [N, D]
/// @param b [N, D]
std::vector<double> rowwise_nearness(Similarity similarity,
                                     const FloatMatrix& a,
                                     const FloatMatrix& b);

}  // namespace sbert
