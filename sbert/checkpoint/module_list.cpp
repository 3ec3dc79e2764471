#include "sbert/checkpoint/module_list.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/file_content.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/model_json.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

// Where the classes of sentence-transformers 2 to 6 are; any other class is foreign code, whatever
// its name.
constexpr auto kPackages = std::to_array<std::string_view>({
    "sentence_transformers.base.modules.",
    "sentence_transformers.models.",
    "sentence_transformers.sentence_transformer.modules.",
});

// The class of "sentence_transformers.models.Pooling", or of ".models.pooling.Pooling"; empty of a
// class of another package.
std::string_view class_name(std::string_view type) {
  for (const std::string_view package : kPackages) {
    if (!type.starts_with(package)) continue;
    const std::string_view name = type.substr(package.size());
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return name;
    const std::string_view in_file = name.substr(dot + 1);
    if (in_file.find('.') == std::string_view::npos) return in_file;
  }
  return {};
}

std::filesystem::path module_folder(const std::filesystem::path& folder, const std::string& path) {
  const std::filesystem::path relative(path);
  const bool leaves = relative.is_absolute() ||
                      std::ranges::find(relative, std::filesystem::path("..")) != relative.end();
  if (leaves) fail(ErrorKind::kInput, concat("path leaves the model's folder: ", path));
  return path.empty() ? folder : folder / relative;
}

// A Normalize module has a configuration since version 6.
void check_normalize(const std::filesystem::path& folder, const std::filesystem::path& place) {
  if (place == folder) return;  // config.json is the encoder's
  const std::filesystem::path file = place / "config.json";
  const std::optional<json> config = read_optional_json(file);
  if (!config) return;
  for (const char* key : {"module_input_name", "module_output_name"}) {
    const std::string name = read_string(*config, key).value_or("sentence_embedding");
    if (name == "sentence_embedding") continue;
    fail(ErrorKind::kInput, concat(file, ": ", key, " must be sentence_embedding: ", name));
  }
}

// Takes a module to the list. @return the name of its class; empty for one that changes nothing
std::string take_module(const json& module, const std::filesystem::path& folder, ModuleList& list) {
  if (!module.is_object()) {
    fail(ErrorKind::kInput, concat("is not an object: ", module.type_name()));
  }
  const std::string type = read_string(module, "type").value_or("");
  const std::filesystem::path place =
      module_folder(folder, read_string(module, "path").value_or(""));
  std::string name(class_name(type));
  if (name == "Transformer") {
    list.transformer = place;
  } else if (name == "Pooling") {
    list.pooling = place;
  } else if (name == "Dense") {
    list.dense.push_back(place);
  } else if (name == "Normalize") {
    check_normalize(folder, place);
    list.normalizes = true;
  } else if (name == "Dropout") {
    return "";
  } else {
    fail(ErrorKind::kInput,
         concat("only Transformer, Pooling, Dense, Dropout and Normalize of sentence_transformers "
                "are supported, not ",
                type));
  }
  return name;
}

ModuleList parse_module_list(std::string_view text, const std::filesystem::path& folder) {
  refuse_stand_in(text);
  const json modules = json::parse(text, nullptr, false);
  if (!modules.is_array()) fail(ErrorKind::kInput, "must be a list of modules");
  ModuleList list;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const std::string name =
        within(concat("module ", i + 1), [&] { return take_module(modules[i], folder, list); });
    const bool comes_too_soon = name.empty() && order.size() < 2;
    if (!name.empty() || comes_too_soon) order.push_back(name);
  }
  std::vector<std::string> expected = {"Transformer", "Pooling"};
  expected.insert(expected.end(), list.dense.size(), "Dense");
  if (list.normalizes) expected.push_back("Normalize");
  if (order != expected) {
    fail(ErrorKind::kInput,
         "modules must be Transformer, Pooling, perhaps Dense, and perhaps Normalize, in this "
         "order");
  }
  return list;
}

}  // namespace

ModuleList read_module_list(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "modules.json";
  const std::string text = read_file(file);
  return within(file.native(), [&] { return parse_module_list(text, folder); });
}

}  // namespace sbert
