#include "sbert/cli/torch/train_config.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/cli/torch/built_in_config.h"
#include "sbert/config/changes.h"
#include "sbert/config/options.h"
#include "sbert/config/overrides.h"
#include "sbert/config/yaml.h"
#include "sbert/run/nemo_keys.h"

namespace sbert {
namespace {

constexpr const char* kDefaultName = "megatron_sbert_config";
constexpr std::string_view kBuiltInNames[] = {kDefaultName, "megatron_bert_config"};

std::string name_without_yaml(std::string name) {
  if (name.empty()) name = kDefaultName;
  if (name.ends_with(".yaml")) name.resize(name.size() - 5);
  return name;
}

ConfigTree base_config(const CommandLine& line) {
  const std::string name = name_without_yaml(line.config_name);
  const auto built_in = built_in_config(name);
  const bool names_a_folder = !line.config_path.empty() || !line.config_dir.empty();
  if (names_a_folder || !built_in) {
    const std::filesystem::path folder = line.config_path.empty() ? "." : line.config_path;
    // Scripts written for NeMo point into its source tree, which need not be here.
    const bool is_there =
        std::filesystem::exists(folder / (name + ".yaml")) ||
        std::filesystem::exists(line.config_dir / std::filesystem::path(name + ".yaml"));
    if (is_there || !built_in) return read_yaml(config_file(line, ".", kDefaultName));
    log_info(concat(folder / (name + ".yaml"), " is not there; using the built-in ", name));
  }
  return ConfigTree(parse_yaml(*built_in));
}

// Keys that sbert knows and the file lacks. They are null while overrides are applied, so that both
// a.b=v and +a.b=v may set them.
std::vector<std::string> missing_keys(const ConfigTree& tree) {
  std::vector<std::string> missing;
  for (const std::string& key : known_keys<TrainOptions>("")) {
    if (tree.find(key) == nullptr) missing.push_back(key);
  }
  return missing;
}

// Takes out a key that was put in as null and that nobody set, and the groups above that the file
// lacks and that are empty now: an empty model.lora would ask for adapters with all defaults.
void erase_unset(ConfigTree& tree, const ConfigTree& file, std::string key) {
  const auto is_unset = [&] {
    const ConfigNode* node = tree.find(key);
    return node != nullptr && (node->is_null() || (node->is_map() && node->map()->empty()));
  };
  while (file.find(key) == nullptr && is_unset()) {
    tree.erase(key);
    const std::size_t dot = key.rfind('.');
    if (dot == key.npos) return;
    key.resize(dot);
  }
}

std::vector<std::string_view> ignored_keys() {
  std::vector<std::string_view> keys;
  for (const IgnoredKey& each : ignored_nemo_keys())
    keys.push_back(each.key);
  return keys;
}

}  // namespace

ConfigTree train_config(const CommandLine& line) {
  const ConfigTree file = base_config(line);
  ConfigTree tree = file;
  const std::vector<std::string> missing = missing_keys(file);
  for (const std::string& key : missing)
    tree.set(key, ConfigNode{});
  apply_overrides(tree, line.overrides);
  for (const std::string& key : missing)
    erase_unset(tree, file, key);
  return tree;
}

TrainOptions read_train_options(const ConfigTree& resolved) {
  refuse_unknown_keys<TrainOptions>(resolved.root(), "", ignored_keys());
  auto options = read_options<TrainOptions>(resolved.root(), "");
  options.validate();
  return options;
}

ConfigTree with_defaults(const ConfigTree& resolved, const TrainOptions& options) {
  ConfigTree whole = resolved;
  const ConfigTree used(to_tree(options));
  for (const std::string& key : known_keys<TrainOptions>("")) {
    const ConfigNode* value = used.find(key);  // null within a group that is off
    if (value != nullptr && whole.find(key) == nullptr) whole.set(key, *value);
  }
  return whole;
}

std::vector<std::string> overridden_keys(const CommandLine& line) {
  std::vector<std::string> keys;
  for (const std::string& word : line.overrides)
    keys.push_back(parse_override(word).key);
  return keys;
}

std::vector<std::string> changed_words(const CommandLine& line, const ConfigTree& config) {
  const auto built_in = built_in_config(name_without_yaml(line.config_name));
  return changes(ConfigTree(parse_yaml(built_in.value_or(*built_in_config(kDefaultName)))), config);
}

void report_ignored_keys(const CommandLine& line, const ConfigTree& config) {
  std::vector<ConfigTree> shipped;
  for (const std::string_view name : kBuiltInNames)
    shipped.emplace_back(parse_yaml(*built_in_config(name)));
  const std::vector<std::string> overridden = overridden_keys(line);
  for (const IgnoredKey& each : ignored_nemo_keys()) {
    const std::string key(each.key);
    const ConfigNode* value = config.find(key);
    const bool is_overridden = std::any_of(
        overridden.begin(), overridden.end(),
        [&](const std::string& word) { return word == key || word.starts_with(key + '.'); });
    const bool is_usual =
        value == nullptr || std::ranges::any_of(shipped, [&](const auto& each_shipped) {
          const ConfigNode* usual = each_shipped.find(key);
          return usual != nullptr && *value == *usual;
        });
    if (is_overridden || !is_usual) log_warning(concat(key, " has no effect: ", each.reason));
  }
}

}  // namespace sbert
