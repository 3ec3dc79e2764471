#pragma once

#include <string_view>

#include "sbert/checkpoint/mapped_weight.h"

namespace sbert {

/// Whether the bytes begin as torch.save wrote them before torch 1.6.
bool is_torch_legacy(std::string_view bytes);

/// Reads such a file, which holds a state dict: pickles of a version, of the machine's sizes, of
/// the dict and of the keys of its storages, and then the storages in the order of these, each
/// behind its number of elements. It has no checksums. No function that the pickles name is run.
/// @param owner holds the bytes; kept alive by the weights
/// @return      in the order of the dict
/// @throws Error(kInput) naming the tensor or storage that is wrong
Weights read_torch_legacy(std::string_view bytes, const BytesOwner& owner);

}  // namespace sbert
