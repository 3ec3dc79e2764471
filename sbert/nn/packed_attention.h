#pragma once

#include <cstdint>

#include "sbert/nn/dropout.h"
#include "sbert/nn/sequences.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Multi-head self-attention (Vaswani et al., 2017, eq. 1) within each sequence of a packed batch,
/// with a gradient with respect to `qkv`. Any floating type; scores, softmax and sums of bfloat16
/// and float16 values are float32. Kernels of our own on the CPU, torch's on other devices.
///
/// @param qkv        [T, 3H] queries, keys and values of the tokens, heads side by side
/// @param sequences  of the batch
/// @param num_heads  divides H
/// @param dropout    of the attention weights
/// @return           [T, H]
/// @throws Error(kInternal) if shapes or types disagree
Tensor packed_attention(const Tensor& qkv,
                        const Sequences& sequences,
                        std::int64_t num_heads,
                        const DropoutSite& dropout);

}  // namespace sbert
