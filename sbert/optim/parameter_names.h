#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sbert {

/// The layer that a BertEncoder's parameter belongs to: 3 of
/// "encoder.layer.3.output.dense.weight", nullopt of one outside the layers.
std::optional<std::int64_t> layer_of(std::string_view parameter_name);

/// Whether it is a parameter of the embeddings below the layers.
bool is_of_embeddings(std::string_view parameter_name);

}  // namespace sbert
