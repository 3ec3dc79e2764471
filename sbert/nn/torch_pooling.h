#pragma once

#include "sbert/data/packed_batch.h"
#include "sbert/model/pooling.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Pools token vectors into one vector a sequence, with a gradient.
///
/// @param tokens [T, H] hidden states, any floating type
/// @param batch  whose cu_seqlens [B + 1] bound the sequences
/// @return       [B, H] in the type of `tokens`; not normalized
Tensor pool(Pooling pooling, const Tensor& tokens, const PackedBatch& batch);

}  // namespace sbert
