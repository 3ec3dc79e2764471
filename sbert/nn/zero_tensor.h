#pragma once

#include <cstdint>

#include <c10/util/ArrayRef.h>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Zeros of float32 for a parameter that is about to be filled. Large ones are fresh pages of the
/// operating system, huge ones where it has them, that cost nothing before they are written: so a
/// model is loaded with one pass over its memory.
Tensor zero_tensor(c10::ArrayRef<std::int64_t> sizes);

}  // namespace sbert
