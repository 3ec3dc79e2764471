#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "sbert/data/packed_batch.h"

namespace sbert {

/// Where the B sequences of a packed batch begin.
struct Sequences {
  at::Tensor cu_seqlens;  ///< [B + 1] int32, on the CPU
  at::Tensor on_device;   ///< the same, where the model is
  std::int64_t longest;   ///< tokens of the longest one

  Sequences(const PackedBatch& batch, const c10::Device& device);
  /// On the CPU.
  /// @param bounds [B + 1] int32
  Sequences(const at::Tensor& bounds);  // NOLINT(google-explicit-constructor): it is one
};

}  // namespace sbert
