#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// A tensor as a torch.save pickle describes it: a view of a numbered storage.
struct PickledTensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::string storage;                ///< the zip member data/<storage>
  std::int64_t storage_elements = 0;  ///< length of that storage
  std::int64_t storage_offset = 0;    ///< in elements, as are the strides
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// Reads the data.pkl of a flat state dict. Values that are no tensors are left out.
/// Every element of a tensor is checked to lie inside of its storage.
/// @throws Error(kInput) naming the tensor that is wrong, or the function that is refused
std::vector<PickledTensor> read_pickled_state_dict(std::string_view pickle);

/// Reads the data.pkl of a single tensor, which gets no name.
/// @throws Error(kInput) as read_pickled_state_dict()
PickledTensor read_pickled_tensor(std::string_view pickle);

/// Writes a data.pkl (protocol 2) of an OrderedDict of tensors, which
/// torch.load(weights_only=True) takes.
/// @throws Error(kInternal) for a type that has no storage in torch.save's form, such as complex
/// numbers
std::string write_pickled_state_dict(const std::vector<PickledTensor>& tensors);

}  // namespace sbert
