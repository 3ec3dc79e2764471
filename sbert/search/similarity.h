#pragma once

#include <span>

#include "sbert/base/matrix.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

/// Cosine of the angle between two vectors of the same length, summed in double; 0 if one of them
/// is all zeros.
double cosine_similarity(std::span<const float> a, std::span<const float> b);

/// Changes embeddings of the model so that the dot product of two is their similarity: gives rows
/// length 1 where the model says cosine and does not do so itself.
/// @throws Error(kUsage) if the model's similarity is neither cosine nor dot
void make_similarity_a_dot_product(const SentenceModel& model, FloatMatrix& embeddings);

}  // namespace sbert
