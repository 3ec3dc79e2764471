#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/config/config_tree.h"

namespace sbert {

/// One line of a list of options for people.
struct OptionHelp {
  std::string key;            ///< dotted
  std::string default_value;  ///< as it would be typed
  std::string help;
};

namespace detail {

// Each reads `node` into `value`, or throws Error(kUsage) naming `key`, what is right and what was
// given.
void read_value(const ConfigNode& node, std::string_view key, bool& value);
void read_value(const ConfigNode& node, std::string_view key, int& value);
void read_value(const ConfigNode& node, std::string_view key, std::int64_t& value);
void read_value(const ConfigNode& node, std::string_view key, double& value);
void read_value(const ConfigNode& node, std::string_view key, std::string& value);
void read_value(const ConfigNode& node, std::string_view key, ConfigNode& value);
void read_value(const ConfigNode& node,
                std::string_view key,
                std::map<std::string, std::string>& value);

template <NamedEnum Enum>
void read_value(const ConfigNode& node, std::string_view key, Enum& value);
template <typename Value>
void read_value(const ConfigNode& node, std::string_view key, std::optional<Value>& value);
template <typename Value>
void read_value(const ConfigNode& node, std::string_view key, std::vector<Value>& value);
template <HasFields Options>
void read_value(const ConfigNode& node, std::string_view key, Options& value);

template <typename Value>
void collect_keys(const std::string& key, std::vector<std::string>& keys);
/// @param known keys of the item; @throws Error(kUsage) naming the item's first other key
void refuse_unknown_in_item(const ConfigNode& item,
                            std::string_view item_key,
                            const std::vector<std::string>& known);

/// The items of a list, none for null. @throws Error(kUsage) for anything else
std::span<const ConfigNode> list_items(const ConfigNode& node, std::string_view key);
/// @throws Error(kUsage) if `node` is neither a map nor null
void expect_map(const ConfigNode& node, std::string_view key);
std::string child_key(std::string_view key, std::string_view name);
/// The text of a scalar. @throws Error(kUsage) "key must be one of WORDS: ..." for anything else
std::string read_word(const ConfigNode& node, std::string_view key, const std::string& words);

template <NamedEnum Enum>
void read_value(const ConfigNode& node, std::string_view key, Enum& value) {
  value = parse_enum<Enum>(key, read_word(node, key, enum_name_list<Enum>()));
}

template <typename Value>
void read_value(const ConfigNode& node, std::string_view key, std::optional<Value>& value) {
  if (node.is_null()) {
    value.reset();
  } else {
    read_value(node, key, value.emplace());
  }
}

template <typename Value>
void read_value(const ConfigNode& node, std::string_view key, std::vector<Value>& value) {
  value.clear();
  for (const ConfigNode& item : list_items(node, key)) {
    const std::string item_key = child_key(key, std::to_string(value.size()));
    if constexpr (HasFields<Value>) {
      std::vector<std::string> known;
      collect_keys<Value>("", known);
      refuse_unknown_in_item(item, item_key, known);
    }
    read_value(item, item_key, value.emplace_back());
  }
}

template <HasFields Options>
void read_value(const ConfigNode& node, std::string_view key, Options& value) {
  expect_map(node, key);
  for_each_field<Options>([&]<typename Owner, typename Member>(const Field<Owner, Member>& field) {
    const ConfigNode* child = node.child(field.key);
    if (child == nullptr) return;
    if constexpr (std::is_same_v<Member, std::string>) {
      // What has no value by default has none by null.
      if (child->is_null() && (value.*field.member).empty()) return;
    }
    read_value(*child, child_key(key, field.key), value.*field.member);
  });
}

ConfigNode to_node(bool value);
ConfigNode to_node(int value);
ConfigNode to_node(std::int64_t value);
ConfigNode to_node(double value);
ConfigNode to_node(const std::string& value);
ConfigNode to_node(const ConfigNode& value);
ConfigNode to_node(const std::map<std::string, std::string>& value);

template <NamedEnum Enum>
ConfigNode to_node(Enum value) {
  return to_node(std::string(enum_name(value)));
}

template <typename Value>
ConfigNode to_node(const std::optional<Value>& value);
template <typename Value>
ConfigNode to_node(const std::vector<Value>& value);
template <HasFields Options>
ConfigNode to_node(const Options& value);

template <typename Value>
ConfigNode to_node(const std::optional<Value>& value) {
  return value ? to_node(*value) : ConfigNode{};
}

template <typename Value>
ConfigNode to_node(const std::vector<Value>& value) {
  ConfigNode::List items;
  for (const auto& item : value)
    items.push_back(to_node(item));
  return {std::move(items)};
}

template <HasFields Options>
ConfigNode to_node(const Options& value) {
  ConfigNode::Map entries;
  for_each_field<Options>([&](const auto& field) {
    entries.push_back({std::string(field.key), to_node(value.*field.member)});
  });
  return {std::move(entries)};
}

template <typename Value>
struct WithoutOptional {
  using Type = Value;
};
template <typename Value>
struct WithoutOptional<std::optional<Value>> {
  using Type = Value;
};

/// Appends `key`, or the keys below it where Value is a struct of options.
template <typename Value>
void collect_keys(const std::string& key, std::vector<std::string>& keys) {
  using Inner = typename WithoutOptional<Value>::Type;
  if constexpr (HasFields<Inner>) {
    for_each_field<Inner>([&]<typename Owner, typename Member>(const Field<Owner, Member>& field) {
      collect_keys<Member>(child_key(key, field.key), keys);
    });
  } else {
    keys.push_back(key);
  }
}

template <typename Value>
struct WithoutVector {
  using Type = Value;
};
template <typename Value>
struct WithoutVector<std::vector<Value>> {
  using Type = Value;
};

/// `help`, followed by "(one of WORDS)" where the words are those of an enum and it lacks one.
std::string help_with_words(std::string_view help, std::span<const std::string_view> words);

template <typename Value>
std::string field_help(std::string_view help) {
  using Inner = typename WithoutVector<typename WithoutOptional<Value>::Type>::Type;
  std::vector<std::string_view> words;
  if constexpr (NamedEnum<Inner>) {
    for (const EnumName<Inner>& each : enum_names(Inner{}))
      words.push_back(each.name);
  }
  return help_with_words(help, words);
}

/// Gives the keys, defaults and help of a struct of options, those of structs within included.
template <HasFields Options>
void describe_fields(const Options& options, std::string_view key, std::vector<OptionHelp>& help);

/// A value as it would be typed in an override.
std::string override_text(const ConfigNode& node);

template <HasFields Options>
void describe_fields(const Options& options, std::string_view key, std::vector<OptionHelp>& help) {
  for_each_field<Options>([&]<typename Owner, typename Member>(const Field<Owner, Member>& field) {
    const std::string name = child_key(key, field.key);
    if constexpr (HasFields<Member>) {
      describe_fields(options.*field.member, name, help);
    } else {
      help.push_back(
          {name, override_text(to_node(options.*field.member)), field_help<Member>(field.help)});
    }
  });
}

/// The sub-tree at `path`; null if a part of the way is absent.
const ConfigNode& find_or_null(const ConfigNode& tree, std::string_view path);

std::vector<std::string> unknown_keys(const ConfigNode& tree,
                                      std::string_view path,
                                      std::span<const std::string> known,
                                      std::span<const std::string_view> accepted);

[[noreturn]] void fail_unknown_key(std::string_view key, std::span<const std::string> known);

}  // namespace detail

/// Reads the sub-tree at `path` ("" is the whole) into a struct of options by its fields(). A key
/// that is absent keeps the default of the struct, a struct within reads the map of its key. Call
/// resolve() before.
///
/// An integer is taken for a double; any scalar is taken as text for a string; an enum is read by
/// its word (NamedEnum); null is taken for an optional, a list (empty), a map (empty), a struct
/// (all defaults) and a string whose default is empty. Text without quotes, which variables of the
/// environment are, is taken for the number or the truth value that it means.
/// @throws Error(kUsage) naming the dotted key, what is right and what was given
template <HasFields Options>
Options read_options(const ConfigNode& tree, std::string_view path) {
  Options options;
  detail::read_value(detail::find_or_null(tree, path), path, options);
  return options;
}

/// The values of a struct of options as a map, in the order of its fields().
template <HasFields Options>
ConfigNode to_tree(const Options& options) {
  return detail::to_node(options);
}

/// The dotted keys of a struct of options that stands at `path`, those of structs within included.
template <HasFields Options>
std::vector<std::string> known_keys(std::string_view path) {
  std::vector<std::string> keys;
  detail::collect_keys<Options>(std::string(path), keys);
  return keys;
}

/// Keys, values and help of a struct of options that stands at `path`, in the order of its
/// fields().
template <HasFields Options>
std::vector<OptionHelp> describe_options(const Options& options, std::string_view path) {
  std::vector<OptionHelp> help;
  detail::describe_fields(options, path, help);
  return help;
}

/// The dotted keys in the sub-tree at `path` that no field of the struct takes, in order. What lies
/// below a field (the entries of a map) is known.
/// @param accepted dotted keys, from the root, that are accepted too, with all below them
template <HasFields Options>
std::vector<std::string> unknown_keys(const ConfigNode& tree,
                                      std::string_view path,
                                      std::span<const std::string_view> accepted) {
  return detail::unknown_keys(tree, path, known_keys<Options>(path), accepted);
}

/// @throws Error(kUsage) for the first of unknown_keys(), with the nearest known one
template <HasFields Options>
void refuse_unknown_keys(const ConfigNode& tree,
                         std::string_view path,
                         std::span<const std::string_view> accepted) {
  const std::vector<std::string> unknown = unknown_keys<Options>(tree, path, accepted);
  if (!unknown.empty()) detail::fail_unknown_key(unknown.front(), known_keys<Options>(path));
}

}  // namespace sbert
