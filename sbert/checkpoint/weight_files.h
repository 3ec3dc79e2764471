#pragma once

#include <filesystem>

#include "sbert/model/weights.h"

namespace sbert {

/// The weights of a Hugging Face folder, as views of the mapped files: of the first that is there
/// of model.safetensors, model.safetensors.index.json with the shards that it names,
/// pytorch_model.bin, pytorch_model.bin.index.json with its shards.
/// @throws Error(kInput) naming the file and the tensor that is wrong; for shards, with every
///         tensor that the index promises and no shard holds
Weights read_folder_weights(const std::filesystem::path& folder);

}  // namespace sbert
