#pragma once

#include <cstdint>
#include <initializer_list>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Zeros of float32 for a parameter that is about to be filled. Large ones are fresh pages of the
/// operating system, huge ones where it has them, that cost nothing before they are written: so a
/// model is loaded with one pass over its memory.
Tensor zero_tensor(std::initializer_list<std::int64_t> sizes);

}  // namespace sbert
