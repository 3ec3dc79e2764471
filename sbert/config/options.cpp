#include "sbert/config/options.h"

#include <algorithm>
#include <limits>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/nearest_key.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

/// A text without quotes, as a variable of the environment gives it, for what it means.
ConfigNode meant_by(const ConfigNode& node) {
  const std::string* text = node.string();
  return text == nullptr || node.is_quoted ? node : override_scalar(*text);
}

[[noreturn]] void fail_type(std::string_view key, std::string_view right, const ConfigNode& given) {
  fail(ErrorKind::kUsage, concat(key, " must be ", right, ": ", describe(given)));
}

bool is_scalar(const ConfigNode& node) {
  return !node.is_null() && !node.is_list() && !node.is_map();
}

bool is_at_or_below(std::string_view key, std::string_view parent) {
  return key.starts_with(parent) && (key.size() == parent.size() || key[parent.size()] == '.');
}

/// Puts into `unknown` the keys at and below `key` that are not known.
void collect_unknown(const ConfigNode& node,
                     const std::string& key,
                     std::span<const std::string> known,
                     std::span<const std::string_view> accepted,
                     std::vector<std::string>& unknown) {
  const auto covers = [&](std::string_view candidate) { return is_at_or_below(key, candidate); };
  if (std::any_of(known.begin(), known.end(), covers)) return;
  if (std::any_of(accepted.begin(), accepted.end(), covers)) return;
  const auto lies_below = [&](std::string_view candidate) {
    return is_at_or_below(candidate, key);
  };
  const bool is_group = key.empty() || std::any_of(known.begin(), known.end(), lies_below) ||
                        std::any_of(accepted.begin(), accepted.end(), lies_below);
  if (!is_group) {
    unknown.push_back(key);
    return;
  }
  if (const ConfigNode::Map* map = node.map()) {
    for (const auto& [name, child] : *map) {
      collect_unknown(child, detail::child_key(key, name), known, accepted, unknown);
    }
  }
}

}  // namespace

namespace detail {

void read_value(const ConfigNode& node, std::string_view key, bool& value) {
  const ConfigNode meant = meant_by(node);
  const auto* flag = std::get_if<bool>(&meant.value);
  if (flag == nullptr) fail_type(key, "true or false", node);
  value = *flag;
}

void read_value(const ConfigNode& node, std::string_view key, int& value) {
  std::int64_t wide = 0;
  read_value(node, key, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    fail_type(key, "an integer of at most 32 bits", node);
  }
  value = static_cast<int>(wide);
}

void read_value(const ConfigNode& node, std::string_view key, std::int64_t& value) {
  const ConfigNode meant = meant_by(node);
  const auto* integer = std::get_if<std::int64_t>(&meant.value);
  if (integer == nullptr) fail_type(key, "an integer", node);
  value = *integer;
}

void read_value(const ConfigNode& node, std::string_view key, double& value) {
  const ConfigNode meant = meant_by(node);
  if (const auto* integer = std::get_if<std::int64_t>(&meant.value)) {
    value = static_cast<double>(*integer);
  } else if (const auto* number = std::get_if<double>(&meant.value)) {
    value = *number;
  } else {
    fail_type(key, "a number", node);
  }
}

void read_value(const ConfigNode& node, std::string_view key, std::string& value) {
  if (!is_scalar(node)) fail_type(key, "a string", node);
  value = scalar_text(node);
}

void read_value(const ConfigNode& node, std::string_view, ConfigNode& value) {
  value = node;
}

void read_value(const ConfigNode& node,
                std::string_view key,
                std::map<std::string, std::string>& value) {
  expect_map(node, key);
  value.clear();
  if (const ConfigNode::Map* map = node.map()) {
    for (const auto& [name, child] : *map) {
      if (!child.is_null()) read_value(child, child_key(key, name), value[name]);
    }
  }
}

std::span<const ConfigNode> list_items(const ConfigNode& node, std::string_view key) {
  if (node.is_null()) return {};
  const ConfigNode::List* list = node.list();
  if (list == nullptr) fail_type(key, "a list", node);
  return *list;
}

void expect_map(const ConfigNode& node, std::string_view key) {
  if (!node.is_map() && !node.is_null()) fail_type(key, "a map", node);
}

std::string child_key(std::string_view key, std::string_view name) {
  return key.empty() ? std::string(name) : concat(key, '.', name);
}

std::string read_word(const ConfigNode& node, std::string_view key, const std::string& words) {
  if (!is_scalar(node)) fail_type(key, concat("one of ", words), node);
  return scalar_text(node);
}

ConfigNode to_node(bool value) {
  return {value};
}
ConfigNode to_node(int value) {
  return {std::int64_t{value}};
}
ConfigNode to_node(std::int64_t value) {
  return {value};
}
ConfigNode to_node(double value) {
  return {value};
}
ConfigNode to_node(const std::string& value) {
  return {value};
}
ConfigNode to_node(const ConfigNode& value) {
  return value;
}

ConfigNode to_node(const std::map<std::string, std::string>& value) {
  ConfigNode::Map entries;
  for (const auto& [key, text] : value)
    entries.push_back({key, {text}});
  return {std::move(entries)};
}

std::string override_text(const ConfigNode& node) {
  if (node.is_null()) return "null";
  const ConfigNode::List* items = node.list();
  if (items == nullptr) return scalar_text(node);
  std::string text;
  for (const ConfigNode& item : *items)
    text += concat(text.empty() ? "" : ",", override_text(item));
  return concat('[', text, ']');
}

std::string help_with_words(std::string_view help, std::span<const std::string_view> words) {
  const bool names_all = std::all_of(words.begin(), words.end(), [&](std::string_view word) {
    return help.find(word) != std::string_view::npos;
  });
  if (names_all) return std::string(help);
  std::string list;
  for (const std::string_view word : words)
    list += concat(list.empty() ? "" : ", ", word);
  return concat(help, " (one of ", list, ")");
}

const ConfigNode& find_or_null(const ConfigNode& tree, std::string_view path) {
  static const ConfigNode kNull;
  const ConfigNode* node = &tree;
  if (!path.empty()) {
    for (const std::string& part : split_path(path)) {
      node = node->child(part);
      if (node == nullptr) return kNull;
    }
  }
  return *node;
}

std::vector<std::string> unknown_keys(const ConfigNode& tree,
                                      std::string_view path,
                                      std::span<const std::string> known,
                                      std::span<const std::string_view> accepted) {
  std::vector<std::string> unknown;
  if (const ConfigNode::Map* map = find_or_null(tree, path).map()) {
    for (const auto& [name, child] : *map) {
      collect_unknown(child, child_key(path, name), known, accepted, unknown);
    }
  }
  return unknown;
}

void refuse_unknown_in_item(const ConfigNode& item,
                            std::string_view item_key,
                            const std::vector<std::string>& known) {
  const std::vector<std::string> unknown = unknown_keys(item, "", known, {});
  if (unknown.empty()) return;
  within(item_key, [&] { fail_unknown_key(unknown.front(), known); });
}

void fail_unknown_key(std::string_view key, std::span<const std::string> known) {
  fail(ErrorKind::kUsage, unknown_key_message(key, known));
}

}  // namespace detail

}  // namespace sbert
