#pragma once

#include <filesystem>
#include <vector>

namespace sbert {

/// The folders of the modules of a sentence-transformers model.
struct ModuleList {
  std::filesystem::path transformer;
  std::filesystem::path pooling;
  std::vector<std::filesystem::path> dense;
  bool normalizes = false;
};

/// Reads modules.json of a folder: a Transformer, a Pooling, any number of Dense modules and
/// perhaps a Normalize, with Dropout modules, which change no embedding, anywhere behind the
/// Pooling.
/// @throws Error(kInput) naming the module that is not supported, or whose class is not one of
///         sentence-transformers
ModuleList read_module_list(const std::filesystem::path& folder);

}  // namespace sbert
