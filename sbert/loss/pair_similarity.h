#pragma once

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

// How alike row i of one matrix is to row i of the other. Both are [R, D]; the result is [R].

Tensor pair_dots(const Tensor& a, const Tensor& b);

/// A row of zeros has cosine 0 with any.
Tensor pair_cosines(const Tensor& a, const Tensor& b);

/// AnglE's similarity (Li and Li, 2024, "AoE: Angle-optimized Embeddings", as its authors' code and
/// sentence-transformers' pairwise_angle_sim compute it): the halves of a vector are the real and
/// imaginary parts of a complex one; the absolute value of the sum of both parts of the quotient
/// a / b, over D/2 numbers, both scaled to length 1. An odd D gets a 0 at the end.
Tensor pair_angles(const Tensor& a, const Tensor& b);

/// Scales each row to length 1; leaves a row of zeros.
/// @param rows [R, D]
/// @return     [R, D]
Tensor unit_rows(const Tensor& rows);

}  // namespace sbert
