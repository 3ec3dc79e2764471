#include "sbert/checkpoint/model_folder.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/name_lists.h"
#include "sbert/checkpoint/safetensors.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReadme = "README.md";

constexpr std::array<std::string_view, 10> kNames = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "vocab.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "modules.json",
    "sentence_bert_config.json",
    kReadme,
    "config_sentence_transformers.json",
};

constexpr std::array<std::string_view, 3> kModules = {"Pooling", "Dense", "Normalize"};
constexpr std::array<std::string_view, 2> kModuleFiles = {"config.json", "model.safetensors"};

template <typename Names>
bool is_one_of(const std::string& name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

// "1_Pooling", "2_Dense", ...
bool is_module_folder(const std::string& name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  return digits != std::string::npos && digits > 0 && name[digits] == '_' &&
         is_one_of(name.substr(digits + 1), kModules);
}

bool is_model_card(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && MappedFile(path).bytes().starts_with(kModelCardStart);
}

bool holds_our_model(const fs::path& folder) {
  try {
    const Safetensors weights = read_safetensors(folder / "model.safetensors");
    const auto writer = weights.metadata.find(std::string(kWriterKey));
    return writer != weights.metadata.end() && writer->second == kWriter;
  } catch (const Error&) {
    return false;
  }
}

// All but folders that have something in them.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> names;
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const bool is_folder = entry.is_directory() && !entry.is_symlink();
      if (is_folder && !fs::is_empty(entry.path())) continue;
      names.push_back(entry.path().lexically_relative(folder));
    }
  } catch (const fs::filesystem_error& error) {
    fail(ErrorKind::kIo, concat(folder, ": cannot list: ", error.code().message()));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

bool is_model_file(const fs::path& folder, const fs::path& name) {
  const std::vector<std::string> parts(name.begin(), name.end());
  if (name == kReadme) return is_model_card(folder / name);
  if (parts.size() == 1) return is_one_of(parts[0], kNames) || is_module_folder(parts[0]);
  return parts.size() == 2 && is_module_folder(parts[0]) && is_one_of(parts[1], kModuleFiles);
}

void refuse_other_files(const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  const std::vector<fs::path> names = entries_of(folder);
  if (names.empty()) return;
  constexpr std::string_view kHint =
      "name another folder, or give --overwrite to replace the model's files and keep all others";
  std::vector<std::string> others;
  for (const fs::path& name : names) {
    if (!is_model_file(folder, name)) others.push_back(name);
  }
  if (!others.empty()) {
    fail(ErrorKind::kUsage, concat(folder, ": holds files that this program did not write; ", kHint,
                                   ": ", joined(others)));
  }
  if (!holds_our_model(folder)) {
    fail(ErrorKind::kUsage,
         concat(folder, ": holds a model that this program did not write; ", kHint));
  }
}

}  // namespace sbert
