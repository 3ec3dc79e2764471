#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

struct NamedTensor;

/// Reads which parts of an encoder are not trained: a list with commas of `embeddings`, `layers.N`
/// and `layers.N-M` (both ends frozen), layers counted from 0 at the bottom.
///
/// @param parts      "embeddings,layers.0-3,layers.5"; empty: nothing is frozen
/// @param parameters under BertEncoder's names
/// @return           the names of the frozen parameters
/// @throws Error(kUsage) if a part is not of this form or names a layer that does not exist
std::set<std::string> frozen_parameters(std::string_view parts,
                                        const std::vector<NamedTensor>& parameters);

}  // namespace sbert
