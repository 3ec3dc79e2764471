#pragma once

#include <filesystem>

#include "sbert/model/weights.h"

namespace sbert {

/// The file that the weights of a Hugging Face folder are in: the first that is there of
/// model.safetensors, model.safetensors.index.json with the shards that it names,
/// pytorch_model.bin, pytorch_model.bin.index.json with its shards.
/// @throws Error(kInput) if there is none
std::filesystem::path find_folder_weights(const std::filesystem::path& folder);

/// The weights of find_folder_weights(), as views of the mapped files. Each file is read as what
/// its content says, safetensors or torch.save's, old and new.
/// @throws Error(kInput) naming the file and the tensor that is wrong; for shards, with every
///         tensor that the index promises and no shard holds
Weights read_folder_weights(const std::filesystem::path& folder);

}  // namespace sbert
