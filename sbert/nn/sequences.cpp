#include "sbert/nn/sequences.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/nn/on_device.h"

namespace sbert {

Sequences::Sequences(const PackedBatch& batch, const c10::Device& device)
    : cu_seqlens(sbert::on_device(batch.cu_seqlens, c10::kCPU)),
      on_device(device.is_cpu() ? cu_seqlens : sbert::on_device(batch.cu_seqlens, device)),
      longest(batch.max_seqlen) {}

Sequences::Sequences(const at::Tensor& bounds) : cu_seqlens(bounds), on_device(bounds), longest(0) {
  if (bounds.scalar_type() != at::kInt || bounds.dim() != 1 || bounds.size(0) == 0) {
    fail(ErrorKind::kInternal, "cu_seqlens must be [B + 1] int32");
  }
  const auto* starts = bounds.const_data_ptr<std::int32_t>();
  for (std::int64_t i = 0; i + 1 < bounds.size(0); ++i)
    longest = std::max<std::int64_t>(longest, starts[i + 1] - starts[i]);
}

}  // namespace sbert
