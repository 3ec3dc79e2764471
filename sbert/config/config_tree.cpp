#include "sbert/config/config_tree.h"

#include <charconv>
#include <optional>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

std::optional<std::size_t> list_index(std::string_view key, std::size_t size) {
  std::size_t index = 0;
  const char* end = key.data() + key.size();
  const auto [stopped, error] = std::from_chars(key.data(), end, index);
  if (key.empty() || error != std::errc{} || stopped != end || index >= size) return std::nullopt;
  return index;
}

void collect_paths(const ConfigNode& node,
                   const std::string& prefix,
                   std::vector<std::string>& paths) {
  const auto visit = [&](std::string_view key, const ConfigNode& child) {
    std::string path = prefix.empty() ? std::string(key) : concat(prefix, '.', key);
    paths.push_back(path);
    collect_paths(child, path, paths);
  };
  if (const auto* map = node.map()) {
    for (const auto& [key, child] : *map)
      visit(key, child);
  } else if (const auto* list = node.list()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      visit(concat(i), (*list)[i]);
  }
}

/// The child to descend into for set(): made if the parent is a map, or null.
ConfigNode& child_to_set(ConfigNode& parent, std::string_view key, std::string_view path) {
  if (parent.is_null()) parent.value = ConfigNode::Map{};
  if (ConfigNode* child = parent.child(key)) return *child;
  if (ConfigNode::Map* map = parent.map()) {
    map->push_back({std::string(key), {}});
    return map->back().value;
  }
  if (const ConfigNode::List* list = parent.list()) {
    fail(ErrorKind::kUsage,
         concat(path, ": '", key, "' is not an index of a list of length ", list->size()));
  }
  fail(ErrorKind::kUsage,
       concat(path, ": the parent of '", key, "' must be a map: ", describe(parent)));
}

}  // namespace

const ConfigNode* ConfigNode::child(std::string_view key) const {
  if (const Map* entries = map()) {
    for (const Entry& entry : *entries) {
      if (entry.key == key) return &entry.value;
    }
  } else if (const List* items = list()) {
    if (const auto index = list_index(key, items->size())) return &(*items)[*index];
  }
  return nullptr;
}

ConfigNode* ConfigNode::child(std::string_view key) {
  return const_cast<ConfigNode*>(std::as_const(*this).child(key));
}

bool ConfigNode::operator==(const ConfigNode& other) const {
  return value == other.value;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  std::string part;
  const auto finish = [&] {
    if (part.empty()) fail(ErrorKind::kUsage, concat("a key has an empty part: '", path, '\''));
    parts.push_back(std::move(part));
    part.clear();
  };
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '.') {
      finish();
    } else if (path[i] == '[') {
      const std::size_t close = path.find(']', i);
      if (close == std::string_view::npos) {
        fail(ErrorKind::kUsage, concat("a key has a '[' without ']': '", path, '\''));
      }
      if (!part.empty()) finish();
      part = path.substr(i + 1, close - i - 1);
      i = close;
    } else {
      part += path[i];
    }
  }
  finish();
  return parts;
}

std::string join_path(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) {
    if (!path.empty()) path += '.';
    path += part;
  }
  return path;
}

ConfigTree::ConfigTree(ConfigNode root) : root_(std::move(root)) {
  if (!root_.is_map()) {
    fail(ErrorKind::kInternal, concat("a configuration must be a map: ", describe(root_)));
  }
}

const ConfigNode* ConfigTree::find(std::string_view path) const {
  const ConfigNode* node = &root_;
  if (path.empty()) return node;
  for (const std::string& part : split_path(path)) {
    node = node->child(part);
    if (node == nullptr) return nullptr;
  }
  return node;
}

ConfigNode* ConfigTree::find(std::string_view path) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(path));
}

void ConfigTree::set(std::string_view path, ConfigNode value) {
  ConfigNode* node = &root_;
  for (const std::string& part : split_path(path))
    node = &child_to_set(*node, part, path);
  *node = std::move(value);
}

bool ConfigTree::erase(std::string_view path) {
  std::vector<std::string> parts = split_path(path);
  const std::string last = std::move(parts.back());
  parts.pop_back();
  ConfigNode* parent = find(join_path(parts));
  if (parent == nullptr || parent->child(last) == nullptr) return false;
  if (ConfigNode::Map* map = parent->map()) {
    std::erase_if(*map, [&](const ConfigNode::Entry& entry) { return entry.key == last; });
  } else if (ConfigNode::List* list = parent->list()) {
    list->erase(list->begin() + static_cast<std::ptrdiff_t>(*list_index(last, list->size())));
  }
  return true;
}

std::vector<std::string> ConfigTree::paths() const {
  std::vector<std::string> paths;
  collect_paths(root_, "", paths);
  return paths;
}

std::string describe(const ConfigNode& node) {
  if (node.is_null()) return "null";
  if (node.is_list()) return "a list";
  if (node.is_map()) return "a map";
  if (const std::string* text = node.string()) return concat("the string '", *text, '\'');
  if (std::holds_alternative<std::int64_t>(node.value)) {
    return concat("the integer ", scalar_text(node));
  }
  if (std::holds_alternative<double>(node.value)) return concat("the number ", scalar_text(node));
  return std::get<bool>(node.value) ? "true" : "false";
}

}  // namespace sbert
