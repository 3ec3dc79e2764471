#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <c10/core/ScalarType.h>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// What holds the bytes of tensors, kept alive by them.
struct BytesOwner {
  std::shared_ptr<const void> bytes;
  /// Whether it is a mapped file. Then the pages under a tensor leave this process when the tensor
  /// goes, so that whoever copies tensor by tensor never has the whole file twice in memory.
  bool is_mapped_file = false;
};

/// A tensor over bytes of a file, for reading only: the bytes may be a mapping that cannot be
/// written. Copies instead where the bytes are not aligned for the element type.
///
/// @param bytes exactly the elements that `shape` and `strides` reach, in the machine's byte order
Tensor mapped_tensor(std::string_view bytes,
                     at::ScalarType type,
                     const std::vector<std::int64_t>& shape,
                     const std::vector<std::int64_t>& strides,
                     BytesOwner owner);

/// Strides of a tensor whose elements lie row after row.
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape);

/// Bytes of a contiguous tensor; nullopt if a dimension is negative or the product overflows.
std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape,
                                          at::ScalarType type);

/// The bytes of a contiguous CPU tensor; valid as long as the tensor is.
std::string_view bytes_of(const Tensor& tensor);

}  // namespace sbert
