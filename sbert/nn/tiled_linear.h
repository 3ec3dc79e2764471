#pragma once

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Whether tiled_linear() is faster than at::linear() for an input of this size: float32 on a
/// processor that multiplies on tiles, and rows enough.
bool prefers_tiles(const Tensor& x);

/// x weight^T + bias with a gradient, as at::linear(), by the products of matrices on tiles (see
/// MatrixProduct). On the calling thread alone.
///
/// @param x      [T, in] float32 on the CPU
/// @param weight [out, in]
/// @param bias   [out], or undefined: none
/// @return       [T, out]
Tensor tiled_linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace sbert
