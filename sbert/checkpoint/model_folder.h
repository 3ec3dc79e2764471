#pragma once

#include <filesystem>
#include <string_view>

namespace sbert {

// Which files of a folder are a model of this program's, to be replaced by the next one.

/// How the README.md begins that this program writes into a model folder.
constexpr std::string_view kModelCardStart =
    "---\nlibrary_name: sentence-transformers\npipeline_tag: sentence-similarity\n---\n\n"
    "A sentence-embedding model: ";

/// The key and value in the metadata of a model.safetensors that this program wrote.
constexpr std::string_view kWriterKey = "writer";
constexpr std::string_view kWriter = "sbert";

/// Whether a file of this folder is one that this program writes for a model. README.md is by its
/// content, the others by their names.
/// @param name relative to the folder
bool is_model_file(const std::filesystem::path& folder, const std::filesystem::path& name);

/// @throws Error(kUsage) unless the folder is absent, is empty, or holds a model that this program
///         wrote and no other files
void refuse_other_files(const std::filesystem::path& folder);

}  // namespace sbert
