#include "sbert/config/yaml.h"

#include <map>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

constexpr std::uint64_t kMaxBytes = 4 << 20;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 100'000;
constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

[[noreturn]] void fail_at(const YAML::Mark& mark, std::string_view what) {
  fail(ErrorKind::kInput, concat("line ", mark.line + 1, ", column ", mark.column + 1, ": ", what));
}

std::size_t count_nodes(const ConfigNode& node) {
  std::size_t count = 1;
  if (const auto* list = node.list()) {
    for (const ConfigNode& item : *list)
      count += count_nodes(item);
  } else if (const auto* map = node.map()) {
    for (const auto& entry : *map)
      count += count_nodes(entry.value);
  }
  return count;
}

std::size_t depth_of(const ConfigNode& node) {
  std::size_t deepest = 0;
  if (const auto* list = node.list()) {
    for (const ConfigNode& item : *list)
      deepest = std::max(deepest, depth_of(item) + 1);
  } else if (const auto* map = node.map()) {
    for (const auto& entry : *map)
      deepest = std::max(deepest, depth_of(entry.value) + 1);
  }
  return deepest;
}

/// Builds the tree out of the parser's events, so that bounds hold while it grows.
class TreeBuilder : public YAML::EventHandler {
 public:
  ConfigNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, {}); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) fail_at(mark, "an alias is inside the node that it refers to");
    if (open_.size() + depth_of(found->second) > kMaxDepth) fail_at(mark, "nested too deep");
    num_nodes_ += count_nodes(found->second);
    add(mark, 0, found->second);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& text) override {
    if (expects_key()) return set_key(mark, text, tag == "?");
    add(mark, anchor, typed(mark, tag, text));
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, "seq", anchor, {ConfigNode::List{}});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, "map", anchor, {ConfigNode::Map{}});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    ConfigNode node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    std::optional<std::string> key{};  // of a map, when its value is due
    std::unordered_set<std::string> keys{};
  };

  bool expects_key() const {
    return !open_.empty() && open_.back().node.is_map() && !open_.back().key;
  }

  void set_key(const YAML::Mark& mark, const std::string& key, bool is_plain) {
    if (is_plain && key == "<<") fail_at(mark, "merge keys (<<) are not supported");
    if (!open_.back().keys.insert(key).second) fail_at(mark, concat("duplicate key: ", key));
    open_.back().key = key;
  }

  void open(const YAML::Mark& mark,
            std::string_view tag,
            std::string_view expected_tag,
            YAML::anchor_t anchor,
            ConfigNode node) {
    if (expects_key()) fail_at(mark, "a key must be a single word, not a list or a map");
    if (open_.size() >= kMaxDepth) fail_at(mark, "nested too deep");
    const bool is_known = tag == "?" || tag.empty() || tag == concat(kTagPrefix, expected_tag);
    if (!is_known) fail_at(mark, concat("tag is not supported: ", tag));
    open_.push_back({std::move(node), anchor, mark});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.mark, done.anchor, std::move(done.node));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, ConfigNode node) {
    if (++num_nodes_ > kMaxNodes) fail_at(mark, "too many nodes");
    if (expects_key()) fail_at(mark, "a key must be a single word");
    if (anchor != 0) anchored_.insert_or_assign(anchor, node);
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (ConfigNode::List* list = parent.node.list()) {
      list->push_back(std::move(node));
    } else {
      parent.node.map()->push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  static ConfigNode typed(const YAML::Mark& mark, std::string_view tag, const std::string& text) {
    if (tag == "?") return yaml_scalar(text);
    if (tag == "!") return {text, true};
    ConfigNode plain = yaml_scalar(text);
    if (tag == concat(kTagPrefix, "str")) return {text, true};
    const bool is_integer = std::holds_alternative<std::int64_t>(plain.value);
    if (tag == concat(kTagPrefix, "float") && is_integer) {
      return {static_cast<double>(std::get<std::int64_t>(plain.value))};
    }
    const bool fits =
        (tag == concat(kTagPrefix, "int") && is_integer) ||
        (tag == concat(kTagPrefix, "null") && plain.is_null()) ||
        (tag == concat(kTagPrefix, "float") && std::holds_alternative<double>(plain.value)) ||
        (tag == concat(kTagPrefix, "bool") && std::holds_alternative<bool>(plain.value));
    if (!fits) fail_at(mark, concat("the tag ", tag, " does not fit or is not supported: ", text));
    return plain;
  }

  ConfigNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, ConfigNode> anchored_;
  std::size_t num_nodes_ = 0;
};

}  // namespace

ConfigNode parse_yaml(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    fail(ErrorKind::kInput, "a YAML file must not contain NUL bytes");
  }
  std::istringstream stream{std::string(text)};
  TreeBuilder first;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(first)) return {ConfigNode::Map{}};
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      fail(ErrorKind::kInput, "a YAML file must hold one document, not several");
    }
  } catch (const YAML::Exception& error) {
    fail_at(error.mark, error.msg);
  }
  ConfigNode root = first.take_root();
  if (root.is_null()) root.value = ConfigNode::Map{};
  return root;
}

ConfigTree read_yaml(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMaxBytes);
  ConfigNode root = within(path.native(), [&] { return parse_yaml(text); });
  if (!root.is_map()) {
    fail(ErrorKind::kInput, concat(path, ": the root must be a map: ", describe(root)));
  }
  return ConfigTree(std::move(root));
}

}  // namespace sbert
