#include "sbert/model/model_path.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

namespace sbert {
namespace {

constexpr std::array<std::string_view, 8> kFiles = {
    "config.json",
    "modules.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model_config.yaml",
};

}  // namespace

std::filesystem::path model_path(const std::filesystem::path& path) {
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  if (!is_file || std::ranges::find(kFiles, path.filename()) == kFiles.end()) return path;
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace sbert
