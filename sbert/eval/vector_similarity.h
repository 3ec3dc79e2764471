#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/matrix.h"

namespace sbert {

/// How near two embeddings are.
enum class VectorSimilarity { kCosine, kDot, kEuclidean, kManhattan };

inline constexpr std::array kVectorSimilarities{VectorSimilarity::kCosine, VectorSimilarity::kDot,
                                                VectorSimilarity::kEuclidean,
                                                VectorSimilarity::kManhattan};

/// "cosine", "dot", "euclidean" or "manhattan".
std::string_view name_of(VectorSimilarity similarity);

/// @throws Error(kUsage) for another name, listing these
VectorSimilarity parse_vector_similarity(std::string_view name);

/// True for euclidean and manhattan, which are 0 for equal vectors and the greater the less alike.
bool is_distance(VectorSimilarity similarity);

/// How near two vectors of the same length are, summed in double: the higher the nearer, so a
/// distance is negated. The cosine with a vector of zeros is 0.
double nearness(VectorSimilarity similarity, std::span<const float> a, std::span<const float> b);

/// The nearness of row i of both matrices, for each i.
/// @param a [N, D]
/// @param b [N, D]
std::vector<double> rowwise_nearness(VectorSimilarity similarity,
                                     const FloatMatrix& a,
                                     const FloatMatrix& b);

/// Gives each row length 1; a row of zeros stays.
void normalize_rows(FloatMatrix& matrix);

}  // namespace sbert
