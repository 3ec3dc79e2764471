#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "sbert/nn/named_tensor.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Reads a file of torch.save (the zip form of torch 1.6 and later) that holds a flat state dict.
/// Tensors are views of the bytes, for reading only, with the strides of the file; tensors that
/// share a storage there share it here. The checksum of each storage is compared, where there is
/// one. No function that the pickle names is run.
///
/// @param bytes the whole zip
/// @param owner holds the bytes; kept alive by the tensors
/// @return      in the order of the dict
/// @throws Error(kInput) naming the tensor or member that is wrong
NamedTensors read_torch_zip(std::string_view bytes, std::shared_ptr<const void> owner);

/// The same for a file that holds one tensor and nothing else.
Tensor read_torch_zip_tensor(std::string_view bytes, const std::shared_ptr<const void>& owner);

/// Writes such a file, one contiguous storage a tensor, so that torch.load(weights_only=True,
/// mmap=True) takes it. The same tensors give the same bytes. One tensor at a time is brought to
/// the CPU or made contiguous.
/// @param sink is given the bytes in order
void write_torch_zip(const NamedTensors& tensors,
                     const std::function<void(std::string_view)>& sink);

}  // namespace sbert
