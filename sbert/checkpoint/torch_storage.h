#pragma once

#include <string>
#include <string_view>

#include "sbert/checkpoint/mapped_weight.h"
#include "sbert/checkpoint/pickled_state_dict.h"

namespace sbert {

/// The weight that a pickle describes, over the bytes of its storage: a view where its elements are
/// row after row, else a copy.
/// @param tensor  not of type kOther; lies inside of its storage, as take_pickled_state_dict()
/// makes sure
/// @param storage of tensor.type, as many elements as the tensor says, or more
/// @throws Error(kInput) if it has fewer
Weight weight_in_storage(const PickledTensor& tensor,
                         std::string_view storage,
                         const BytesOwner& owner);

/// A weight of type kOther, without bytes.
Weight other_weight(std::string name, std::string type);

}  // namespace sbert
