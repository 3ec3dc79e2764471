#include "sbert/config/overrides.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/nearest_key.h"
#include "sbert/config/override_value.h"

namespace sbert {
namespace {

constexpr std::string_view kKeyCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$.";

void check_key(std::string_view key, std::string_view word) {
  if (key.starts_with("hydra.") || key.starts_with("hydra/")) {
    fail(ErrorKind::kUsage, concat("settings of Hydra itself are not supported: ", word));
  }
  if (key.find_first_of("@/") != std::string_view::npos) {
    fail(ErrorKind::kUsage, concat("config groups are not supported: ", word));
  }
  if (key.empty() || key.find_first_not_of(kKeyCharacters) != std::string_view::npos) {
    fail(ErrorKind::kUsage, concat("not an override (key=value): ", word));
  }
  split_path(key);
}

[[noreturn]] void fail_unknown(const ConfigTree& tree,
                               std::string_view key,
                               std::string_view tail) {
  fail(ErrorKind::kUsage, concat(unknown_key_message(key, tree.paths()), tail));
}

/// Puts the entries of `from` into `into`, map into map.
/// @return the first key that `into` lacks, unless keys may be added; empty if all is well
std::string merge(ConfigNode& into, const ConfigNode& from, bool may_add) {
  if (!into.is_map() || !from.is_map()) {
    into = from;
    return {};
  }
  for (const auto& [key, value] : *from.map()) {
    ConfigNode* child = into.child(key);
    if (child != nullptr) {
      const std::string unknown = merge(*child, value, may_add);
      if (!unknown.empty()) return concat(key, '.', unknown);
    } else if (may_add) {
      into.map()->push_back({key, value});
    } else {
      return key;
    }
  }
  return {};
}

void change(ConfigTree& tree, const Override& override) {
  const ConfigTree before = tree;
  ConfigNode* node = tree.find(override.key);
  if (node == nullptr) {
    fail_unknown(tree, override.key, concat("; to add it use +", override.text));
  }
  const std::string unknown = merge(*node, *override.value, false);
  if (!unknown.empty()) {
    tree = before;
    fail_unknown(tree, concat(override.key, '.', unknown),
                 concat("; to add it use +", override.text));
  }
}

void add(ConfigTree& tree, const Override& override) {
  ConfigNode* node = tree.find(override.key);
  if (node == nullptr || node->is_null()) {
    tree.set(override.key, *override.value);
    return;
  }
  if (!override.value->is_map() && !override.value->is_list()) {
    fail(ErrorKind::kUsage,
         concat(override.key, " is there already; to change it use ", override.text.substr(1),
                ", or +", override.text, " whether it is there or not"));
  }
  merge(*node, *override.value, true);
}

void force(ConfigTree& tree, const Override& override) {
  if (ConfigNode* node = tree.find(override.key)) {
    merge(*node, *override.value, true);
    return;
  }
  // A scalar on the way gives place to a map.
  std::vector<std::string> parents = split_path(override.key);
  for (parents.pop_back(); !parents.empty(); parents.pop_back()) {
    ConfigNode* parent = tree.find(join_path(parents));
    if (parent == nullptr) continue;
    if (!parent->is_map() && !parent->is_list()) parent->value = ConfigNode::Map{};
    break;
  }
  tree.set(override.key, *override.value);
}

void remove(ConfigTree& tree, const Override& override) {
  const ConfigNode* node = tree.find(override.key);
  if (node == nullptr) {
    fail_unknown(tree, override.key, concat("; nothing to delete: ", override.text));
  }
  // As in Hydra, to which a key without a value is none.
  if (node->is_null()) {
    fail(ErrorKind::kUsage,
         concat(override.key, " is null already; there is nothing to delete: ", override.text));
  }
  if (override.value && !(*override.value == *node)) {
    fail(ErrorKind::kUsage, concat(override.key, " is not deleted: it is ", describe(*node),
                                   ", not ", describe(*override.value)));
  }
  tree.erase(override.key);
}

}  // namespace

Override parse_override(std::string_view text) {
  Override override;
  override.text = text;
  std::string_view rest = text;
  const auto take = [&](std::string_view prefix) {
    if (!rest.starts_with(prefix)) return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (take("++")) {
    override.kind = OverrideKind::kForce;
  } else if (take("+")) {
    override.kind = OverrideKind::kAdd;
  } else if (take("~")) {
    override.kind = OverrideKind::kDelete;
  }

  const std::size_t equal = rest.find('=');
  if (equal == std::string_view::npos && override.kind != OverrideKind::kDelete) {
    fail(ErrorKind::kUsage, concat("not an override (key=value): ", text));
  }
  override.key = rest.substr(0, equal);
  check_key(override.key, text);
  if (equal != std::string_view::npos) {
    override.value =
        within(override.key, [&] { return parse_override_value(rest.substr(equal + 1)); });
  }
  return override;
}

void apply_override(ConfigTree& tree, const Override& override) {
  switch (override.kind) {
    case OverrideKind::kChange:
      return change(tree, override);
    case OverrideKind::kAdd:
      return add(tree, override);
    case OverrideKind::kForce:
      return force(tree, override);
    case OverrideKind::kDelete:
      return remove(tree, override);
  }
}

void apply_overrides(ConfigTree& tree, std::span<const std::string> words) {
  for (const std::string& word : words)
    apply_override(tree, parse_override(word));
}

}  // namespace sbert
