#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// A tensor as a torch.save pickle describes it: a view of a numbered storage. One of a type that
/// no model here has, or of another form than a dense one, has a name and that type alone.
struct PickledTensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::string storage;                ///< the zip member data/<storage>
  std::int64_t storage_elements = 0;  ///< length of that storage
  std::int64_t storage_offset = 0;    ///< in elements, as are the strides
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::string other_type{};  ///< what torch calls the type, if it is kOther
};

struct PickledStorage {
  std::string key;
  std::int64_t elements = 0;
  std::int64_t element_bytes = 0;
};

struct PickledStateDict {
  std::vector<PickledTensor> tensors;
  std::vector<PickledStorage> storages;  ///< all that the pickle names, by key
};

/// Reads the pickle of a state dict, and removes it from the front of `bytes`. The dict may stand
/// in another ({"epoch": 3, "state_dict": {...}}), up to three deep, where no other one holds
/// tensors. Values that are no tensors are left out. Every element of a tensor is checked to lie
/// inside of its storage.
/// @throws Error(kInput) naming the tensor that is wrong, the function that is refused, or the
/// dicts
///         of tensors if there are several
PickledStateDict take_pickled_state_dict(std::string_view& bytes);

/// The tensors of a pickle of its own, as the data.pkl of a zip is one.
std::vector<PickledTensor> read_pickled_state_dict(std::string_view pickle);

/// Reads the data.pkl of a single tensor, which gets no name.
/// @throws Error(kInput) as take_pickled_state_dict()
PickledTensor read_pickled_tensor(std::string_view pickle);

/// Writes a data.pkl (protocol 2) of an OrderedDict of tensors, which
/// torch.load(weights_only=True) takes.
/// @throws Error(kInternal) for a type that has no storage in torch.save's form, such as complex
/// numbers
std::string write_pickled_state_dict(const std::vector<PickledTensor>& tensors);

}  // namespace sbert
