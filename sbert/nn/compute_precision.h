#pragma once

#include <string_view>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// The type in which an encoder's matrix products are computed; on a GPU also of what passes
/// between layers. Parameters, sums of LayerNorm and softmax, and everything above the encoder are
/// float32 whatever it is.
enum class ComputePrecision { kFloat32, kBFloat16, kFloat16 };

/// "32", "bf16" or "16".
std::string_view precision_name(ComputePrecision precision);
/// @throws Error(kUsage) for another word
ComputePrecision precision_from_name(std::string_view name);

/// Whether this processor multiplies matrices of the type with instructions of its own. Without
/// them it works too, slower than float32.
bool cpu_supports_bfloat16();
bool cpu_supports_float16();

/// `x` in the type of the products, with a gradient in its own type; `x` itself for kFloat32.
Tensor to_compute_type(const Tensor& x, ComputePrecision precision);

}  // namespace sbert
