#pragma once

#include <filesystem>

namespace sbert {

/// Where the model lies that a user names: the folder of a file that is part of one (config.json,
/// modules.json, model.safetensors, pytorch_model.bin, ...), else `path` itself.
std::filesystem::path model_path(const std::filesystem::path& path);

}  // namespace sbert
