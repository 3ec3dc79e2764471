#include "sbert/dist/buckets.h"

#include <ATen/core/Tensor.h>

namespace sbert {

std::vector<std::size_t> bucket_ends(const std::vector<Tensor>& tensors, std::int64_t bytes) {
  std::vector<std::size_t> ends;
  std::int64_t filled = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto size = static_cast<std::int64_t>(tensors[i].nbytes());
    const bool begins = i > 0 && (filled + size > bytes ||
                                  tensors[i - 1].scalar_type() != tensors[i].scalar_type() ||
                                  tensors[i - 1].device() != tensors[i].device());
    if (begins) {
      ends.push_back(i);
      filled = 0;
    }
    filled += size;
  }
  if (!tensors.empty()) ends.push_back(tensors.size());
  return ends;
}

}  // namespace sbert
