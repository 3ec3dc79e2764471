#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sbert {

/// One node of a configuration: null, a scalar, a list, or a map in the order of insertion.
/// An interpolation ("${model.x}") is a string until resolve() has been called.
struct ConfigNode {
  struct Entry;
  using List = std::vector<ConfigNode>;
  using Map = std::vector<Entry>;
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map>;

  Value value;
  bool is_quoted = false;  ///< a string that stood in quotes where it was read

  bool is_null() const { return std::holds_alternative<std::monostate>(value); }
  bool is_string() const { return std::holds_alternative<std::string>(value); }
  bool is_list() const { return std::holds_alternative<List>(value); }
  bool is_map() const { return std::holds_alternative<Map>(value); }

  const std::string* string() const { return std::get_if<std::string>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  const Map* map() const { return std::get_if<Map>(&value); }
  List* list() { return std::get_if<List>(&value); }
  Map* map() { return std::get_if<Map>(&value); }

  /// The child of a map with this key, or of a list with this index ("0"); null if there is none.
  const ConfigNode* child(std::string_view key) const;
  ConfigNode* child(std::string_view key);

  /// Equal values; whether they were quoted does not count.
  bool operator==(const ConfigNode& other) const;
};

struct ConfigNode::Entry {
  std::string key;
  ConfigNode value;
  bool operator==(const Entry&) const = default;
};

/// "model.data[0].path" as {"model", "data", "0", "path"}.
/// @throws Error(kUsage) if a part is empty or a bracket is not closed
std::vector<std::string> split_path(std::string_view path);

/// {"a", "b"} as "a.b".
std::string join_path(const std::vector<std::string>& parts);

/// A configuration: a map at the root, addressed by dotted paths ("model.optim.lr").
class ConfigTree {
 public:
  ConfigTree() : root_{ConfigNode::Map{}} {}
  /// @throws Error(kInternal) if `root` is no map
  explicit ConfigTree(ConfigNode root);

  const ConfigNode& root() const { return root_; }

  /// The node at `path`, the root for ""; null if there is none.
  const ConfigNode* find(std::string_view path) const;
  ConfigNode* find(std::string_view path);

  /// Puts `value` at `path`; missing maps and nulls on the way become maps.
  /// @throws Error(kUsage) if something on the way is neither map nor list, or a list has no such
  ///         index
  void set(std::string_view path, ConfigNode value);

  /// Takes the node at `path` out. False if there is none.
  bool erase(std::string_view path);

  /// The dotted path of every node below the root, maps and lists included, in order.
  std::vector<std::string> paths() const;

  bool operator==(const ConfigTree&) const = default;

 private:
  ConfigNode root_;
};

/// What a node is, for messages: "null", "the integer 3", "the string 'x'", "a list", "a map".
std::string describe(const ConfigNode& node);

}  // namespace sbert
