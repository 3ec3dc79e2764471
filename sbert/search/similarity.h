#pragma once

#include <span>

namespace sbert {

/// Cosine of the angle between two vectors of the same length, summed in double; 0 if one of them
/// is all zeros.
double cosine_similarity(std::span<const float> a, std::span<const float> b);

}  // namespace sbert
