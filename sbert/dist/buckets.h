#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Of a message between processes, as in torch's DistributedDataParallel.
inline constexpr std::int64_t kBucketBytes = 25 << 20;

/// Cuts a list of tensors into runs of one type and device of at most that many bytes, or of one
/// tensor that has more.
/// @return where each run ends, ascending; the last is the number of tensors
std::vector<std::size_t> bucket_ends(const std::vector<Tensor>& tensors, std::int64_t bytes);

}  // namespace sbert
