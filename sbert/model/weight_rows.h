#pragma once

#include <vector>

#include "sbert/kernels/packed_linear.h"
#include "sbert/model/weights.h"

namespace sbert {

/// Matrices with their rows in turn, as float32: float32 is read where it is, other types are
/// converted a few rows at a time. The result keeps the weights.
/// @param parts [any, in], floating-point; the same `in` for all
WeightRows weight_rows(std::vector<Weight> parts);

/// All elements as float32.
std::vector<float> to_floats(const Weight& weight);

}  // namespace sbert
