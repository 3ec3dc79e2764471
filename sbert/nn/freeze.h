#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "sbert/model/parameter_specs.h"

namespace sbert {

/// Parts of an encoder that are not trained.
struct FrozenParts {
  bool has_embeddings = false;
  std::set<std::int64_t> layers;

  /// Whether a parameter of this role and layer is of one of them.
  bool contains(ParameterRole role, std::optional<std::int64_t> layer) const;
};

/// Reads a list with commas of `embeddings`, `layers.N` and `layers.N-M` (both ends frozen), layers
/// counted from 0 at the bottom.
///
/// @param parts "embeddings,layers.0-3,layers.5"; empty: nothing is frozen
/// @throws Error(kUsage) if a part is not of this form or names a layer that does not exist
FrozenParts read_frozen_parts(std::string_view parts, std::int64_t num_layers);

}  // namespace sbert
