#pragma once

#include <cstdint>

#include "sbert/nn/dropout.h"
#include "sbert/nn/sequences.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// packed_attention() by torch's own operators, for devices that we have no kernels for. On a GPU
/// those of FlashAttention (Dao et al., 2022) for 16-bit values and of memory-efficient attention
/// (Rabe and Staats, 2021) for others, both over cu_seqlens; where neither fits, one sequence after
/// the other. Dropout draws from the device's generator, started anew from the site's key.
Tensor aten_attention(const Tensor& qkv,
                      const Sequences& sequences,
                      std::int64_t num_heads,
                      const DropoutSite& dropout);

}  // namespace sbert
