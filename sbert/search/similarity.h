#pragma once

#include <span>

#include "sbert/base/matrix.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

/// Of two vectors of the same length, summed in double.
double dot_product(std::span<const float> a, std::span<const float> b);

/// Cosine of the angle between two vectors of the same length, summed in double; 0 if one of them
/// is all zeros.
double cosine_similarity(std::span<const float> a, std::span<const float> b);

/// The square of the Euclidean distance of two vectors of the same length, summed in double.
double squared_distance(std::span<const float> a, std::span<const float> b);

/// Gives each row length 1; a row of zeros stays.
void normalize_rows(FloatMatrix& matrix);

/// Changes embeddings that the embedder made so that the dot product of two is their similarity:
/// gives rows length 1 where its model says cosine and it does not do so itself.
/// @throws Error(kUsage) if the model's similarity is neither cosine nor dot
void normalize_for_dot_product(const TextEmbedder& embedder, FloatMatrix& embeddings);

}  // namespace sbert
