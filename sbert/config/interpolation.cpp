#include "sbert/config/interpolation.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/nearest_key.h"
#include "sbert/config/override_value.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 100'000;
constexpr std::size_t kMaxBytes = 16 << 20;
constexpr std::string_view kRequired = "???";

using Path = std::vector<std::string>;

/// The place just after the quoted text that begins at `start`; `start + 1` if it does not end.
std::size_t after_quotes(std::string_view text, std::size_t start) {
  const std::size_t end = text.find(text[start], start + 1);
  return end == std::string_view::npos ? start + 1 : end + 1;
}

/// The place of the first of `wanted` outside quotes, brackets and braces.
std::size_t find_outside(std::string_view text, char wanted) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (depth == 0 && c == wanted) return i;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    i = c == '\'' || c == '"' ? after_quotes(text, i) : i + 1;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> arguments;
  while (true) {
    const std::size_t comma = find_outside(text, ',');
    arguments.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return arguments;
    text.remove_prefix(comma + 1);
  }
}

[[noreturn]] void fail_usage(std::string message) {
  fail(ErrorKind::kUsage, std::move(message));
}

double to_number(const ConfigNode& node, std::string_view resolver) {
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    return static_cast<double>(*integer);
  }
  if (const auto* number = std::get_if<double>(&node.value)) return *number;
  fail_usage(concat(resolver, " needs numbers: ", describe(node)));
}

ConfigNode arithmetic(std::string_view resolver, const ConfigNode& left, const ConfigNode& right) {
  const bool multiplies = resolver == "multiply";
  const auto* x = std::get_if<std::int64_t>(&left.value);
  const auto* y = std::get_if<std::int64_t>(&right.value);
  if (x != nullptr && y != nullptr) {
    std::int64_t result = 0;
    const bool overflows = multiplies ? __builtin_mul_overflow(*x, *y, &result)
                                      : __builtin_add_overflow(*x, *y, &result);
    if (overflows) fail_usage(concat(resolver, " of ", *x, " and ", *y, " is out of range"));
    return {result};
  }
  const double a = to_number(left, resolver);
  const double b = to_number(right, resolver);
  return {multiplies ? a * b : a + b};
}

class Resolver {
 public:
  Resolver(const ConfigTree& tree, const Environment& environment)
      : tree_(tree), environment_(environment) {}

  /// @param path where `node` stands, for relative keys and messages
  ConfigNode resolved(const ConfigNode& node, const Path& path) {
    count(1, 0);
    if (const std::string* text = node.string()) return resolved_string(node, *text, path);
    if (const ConfigNode::List* list = node.list()) {
      ConfigNode::List items;
      for (std::size_t i = 0; i < list->size(); ++i) {
        items.push_back(resolved((*list)[i], extended(path, concat(i))));
      }
      return {std::move(items)};
    }
    if (const ConfigNode::Map* map = node.map()) {
      ConfigNode::Map entries;
      for (const auto& [key, value] : *map) {
        entries.push_back({key, resolved(value, extended(path, key))});
      }
      return {std::move(entries)};
    }
    return node;
  }

 private:
  static Path extended(Path path, std::string key) {
    path.push_back(std::move(key));
    return path;
  }

  /// A few lines can expand to a tree of any size.
  void count(std::size_t nodes, std::size_t bytes) {
    num_nodes_ += nodes;
    num_bytes_ += bytes;
    if (num_nodes_ > kMaxNodes || num_bytes_ > kMaxBytes) {
      fail_usage("the interpolations expand to too much data");
    }
  }

  ConfigNode resolved_string(const ConfigNode& node, const std::string& text, const Path& path) {
    const std::string key = join_path(path);
    if (text == kRequired) fail_usage(concat("required: ", key));
    count(0, text.size());
    if (text.find("${") == std::string::npos) return node;
    return within(key, [&] {
      if (std::find(open_.begin(), open_.end(), key) != open_.end()) {
        fail_usage(concat("interpolations refer to each other in a circle: ", text));
      }
      if (open_.size() >= kMaxDepth) fail_usage("interpolations are chained too deep");
      open_.push_back(key);
      ConfigNode result = expanded(text, path, 0);
      open_.pop_back();
      return result;
    });
  }

  ConfigNode expanded(std::string_view text, const Path& path, std::size_t depth) {
    if (depth > kMaxDepth) fail_usage("interpolations are nested too deep");
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t dollar = text.find("${", at);
      if (dollar == std::string_view::npos) break;
      std::size_t before = dollar;
      while (before > at && text[before - 1] == '\\')
        --before;
      out += text.substr(at, before - at);
      const std::size_t backslashes = dollar - before;
      out.append(backslashes / 2, '\\');
      if (backslashes % 2 == 1) {
        out += "${";
        at = dollar + 2;
        continue;
      }
      const std::size_t length = find_outside(text.substr(dollar + 2), '}');
      if (length == std::string_view::npos) {
        fail_usage(concat("an interpolation is not closed by '}': ", text));
      }
      ConfigNode value = interpolated(text.substr(dollar + 2, length), path, depth);
      at = dollar + 2 + length + 1;
      if (dollar == 0 && at == text.size()) return value;
      if (value.is_list() || value.is_map()) {
        fail_usage(concat(describe(value), " cannot stand within text: ", text));
      }
      out += scalar_text(value);
      count(0, out.size());
    }
    out += text.substr(at);
    return {std::move(out)};
  }

  /// @param body the text between the braces
  ConfigNode interpolated(std::string_view body, const Path& path, std::size_t depth) {
    const std::size_t colon = find_outside(body, ':');
    if (colon == std::string_view::npos) {
      const std::string key = scalar_text(expanded(trimmed(body), path, depth + 1));
      const Path target = absolute(key, path);
      if (auto value = select(target)) return *std::move(value);
      fail_usage(unknown_key_message(join_path(target), tree_.paths()));
    }
    const std::string_view name = trimmed(body.substr(0, colon));
    std::vector<ConfigNode> arguments;
    for (const std::string_view argument : split_arguments(body.substr(colon + 1))) {
      arguments.push_back(argument_value(argument, path, depth));
    }
    return call(name, arguments, path, depth);
  }

  ConfigNode argument_value(std::string_view argument, const Path& path, std::size_t depth) {
    if (argument.starts_with("${")) return expanded(argument, path, depth + 1);
    ConfigNode value = parse_override_value(argument);
    const std::string* text = value.string();
    if (text == nullptr || text->find("${") == std::string::npos) return value;
    ConfigNode result = expanded(*text, path, depth + 1);
    if (!value.is_quoted) return result;
    if (result.is_list() || result.is_map()) {
      fail_usage(concat(describe(result), " cannot stand within text: ", argument));
    }
    return {scalar_text(result)};
  }

  /// What a text means as the value of an override: `8` is a number.
  ConfigNode decoded(const ConfigNode& text, const Path& path, std::size_t depth) {
    if (text.is_null()) return {};
    if (text.string() == nullptr) {
      fail_usage(concat("oc.decode takes text or null: ", describe(text)));
    }
    if (trimmed(*text.string()).empty()) fail_usage("oc.decode: the text is empty");
    return expanded_within(parse_override_value(*text.string()), path, depth + 1);
  }

  ConfigNode expanded_within(ConfigNode node, const Path& path, std::size_t depth) {
    if (const std::string* text = node.string()) {
      return text->find("${") == std::string::npos ? node : expanded(*text, path, depth);
    }
    if (ConfigNode::List* list = node.list()) {
      for (ConfigNode& item : *list)
        item = expanded_within(std::move(item), path, depth);
    } else if (ConfigNode::Map* map = node.map()) {
      for (auto& [key, value] : *map)
        value = expanded_within(std::move(value), path, depth);
    }
    return node;
  }

  ConfigNode call(std::string_view name,
                  const std::vector<ConfigNode>& arguments,
                  const Path& path,
                  std::size_t depth) {
    const auto need = [&](std::size_t least, std::size_t most) {
      if (arguments.size() >= least && arguments.size() <= most) return;
      fail_usage(concat(name, " takes ", least == most ? "" : "1 or ", most,
                        " arguments: ", arguments.size()));
    };
    if (name == "oc.env") {
      need(1, 2);
      const std::string variable = scalar_text(arguments[0]);
      if (auto value = environment_(variable)) return {*std::move(value)};
      if (arguments.size() == 1) {
        fail_usage(concat("environment variable is not set: ", variable));
      }
      return arguments[1].is_null() ? ConfigNode{} : ConfigNode{scalar_text(arguments[1])};
    }
    if (name == "oc.decode") {
      need(1, 1);
      return decoded(arguments[0], path, depth);
    }
    if (name == "oc.select") {
      need(1, 2);
      const Path target = absolute(scalar_text(arguments[0]), path);
      if (auto value = select(target)) return *std::move(value);
      return arguments.size() == 2 ? arguments[1] : ConfigNode{};
    }
    if (name == "multiply" || name == "sum") {
      need(2, 2);
      return arithmetic(name, arguments[0], arguments[1]);
    }
    fail_usage(
        concat("unknown resolver (known are multiply, oc.decode, oc.env, oc.select, sum): ", name));
  }

  /// A key as it is written, from the root: one dot means beside `path`, each more one level up.
  static Path absolute(std::string_view key, const Path& path) {
    const std::size_t dots = std::min(key.find_first_not_of('.'), key.size());
    if (dots == key.size()) fail_usage(concat("an interpolation names no key: ", key));
    Path target;
    if (dots > path.size()) fail_usage(concat("a relative key goes above the root: ", key));
    if (dots > 0) target.assign(path.begin(), path.end() - static_cast<std::ptrdiff_t>(dots));
    for (std::string& part : split_path(key.substr(dots)))
      target.push_back(std::move(part));
    return target;
  }

  /// The resolved value of a key; nothing if there is no such key.
  std::optional<ConfigNode> select(const Path& target) {
    const ConfigNode* node = &tree_.root();
    ConfigNode owned;  // where the way leads through an interpolation
    bool is_resolved = false;
    Path walked;
    for (const std::string& part : target) {
      if (!is_resolved && node->is_string()) {
        owned = resolved(*node, walked);
        node = &owned;
        is_resolved = true;
      }
      node = node->child(part);
      if (node == nullptr) return std::nullopt;
      walked.push_back(part);
    }
    return is_resolved ? *node : resolved(*node, walked);
  }

  const ConfigTree& tree_;
  const Environment& environment_;
  std::vector<std::string> open_;  // keys whose interpolation is being worked out
  std::size_t num_nodes_ = 0;
  std::size_t num_bytes_ = 0;
};

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

ConfigTree resolve(const ConfigTree& tree, const Environment& environment) {
  return ConfigTree(Resolver(tree, environment).resolved(tree.root(), {}));
}

}  // namespace sbert
