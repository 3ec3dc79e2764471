#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "sbert/checkpoint/mapped_weight.h"

namespace sbert {

/// The tensors of a safetensors file and its map of strings.
struct Safetensors {
  Weights tensors;
  std::map<std::string, std::string> metadata;
};

/// Maps a file: tensors are views of it. Those of types that no model here has are kOther, with the
/// type's name. Everything in the header is checked before it is used.
/// @return tensors in the order of their bytes
/// @throws Error(kInput) naming the file and the tensor that is wrong, Error(kIo)
Safetensors read_safetensors(const std::filesystem::path& path);

/// The same for bytes that are in memory already; the tensors keep `owner`, which holds them,
/// alive.
Safetensors parse_safetensors(std::string_view bytes, const BytesOwner& owner);

/// Writes tensors of any type but kOther, in this order, whole or not at all.
/// @param metadata UTF-8
/// @throws Error(kIo)
void write_safetensors(const std::filesystem::path& path,
                       const Weights& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace sbert
