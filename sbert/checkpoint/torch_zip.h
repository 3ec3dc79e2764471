#pragma once

#include <functional>
#include <string_view>

#include "sbert/checkpoint/mapped_weight.h"

namespace sbert {

/// Reads a file of torch.save (the zip form of torch 1.6 and later) that holds a flat state dict.
/// Tensors whose elements are row after row are views of the bytes, others are copied. The checksum
/// of each storage is compared, where there is one. No function that the pickle names is run.
///
/// @param bytes the whole zip
/// @param owner holds the bytes; kept alive by the weights
/// @return      in the order of the dict
/// @throws Error(kInput) naming the tensor or member that is wrong
Weights read_torch_zip(std::string_view bytes, const BytesOwner& owner);

/// The same for a file that holds one tensor and nothing else. It has no name.
Weight read_torch_zip_tensor(std::string_view bytes, const BytesOwner& owner);

/// Writes such a file, one storage a tensor, aligned to 64 bytes, so that
/// torch.load(weights_only=True, mmap=True) takes it. The same tensors give the same bytes.
/// @param sink is given the bytes in order
void write_torch_zip(const Weights& tensors, const std::function<void(std::string_view)>& sink);

}  // namespace sbert
