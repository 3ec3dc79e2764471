#include "sbert/config/override_value.h"

#include <string>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

constexpr int kMaxDepth = 32;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

class ValueParser {
 public:
  explicit ValueParser(std::string_view text) : text_(text) {}

  ConfigNode parse() {
    skip_spaces();
    if (at_end()) return {std::string()};
    ConfigNode value = element(",", 0);
    skip_spaces();
    if (at_end()) return value;
    if (peek() == ',') {
      fail_at(
          concat("several values would start several runs; one run at a time: a list is written [",
                 text_, "], and a text with commas stands in quotes within those of the shell"));
    }
    fail_at("unexpected text after the value");
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }
  void skip_spaces() {
    while (!at_end() && is_space(peek()))
      ++at_;
  }

  [[noreturn]] void fail_at(std::string_view what) const {
    fail(ErrorKind::kUsage, concat(what, ": ", text_));
  }

  // The shell takes quotes away, so that those of the value must stand within its own.
  [[noreturn]] void fail_needs_quotes(char c) const {
    if (c == '\'') {
      fail_at("a text with ' needs quotes within those of the shell, as \"key=\\\"...\\\"\"");
    }
    const bool has_escape = c != '"';
    fail_at(concat("a text with ", c, " needs quotes within those of the shell, as ",
                   c == '"' ? "\"key='...'\"" : "'key=\"...\"'",
                   has_escape ? concat(", or a backslash before it, as 'key=...\\", c, "...'")
                              : std::string()));
  }

  /// @param ends the characters that end an unquoted value here
  ConfigNode element(std::string_view ends, int depth) {
    if (depth > kMaxDepth) fail_at("the value is nested too deep");
    skip_spaces();
    if (at_end()) fail_at("a value is missing");
    switch (peek()) {
      case '\'':
      case '"':
        return quoted();
      case '[':
        return list(depth);
      case '{':
        return map(depth);
      default:
        return unquoted(ends);
    }
  }

  ConfigNode list(int depth) {
    ConfigNode::List items;
    ++at_;
    skip_spaces();
    if (!at_end() && peek() == ']') {
      ++at_;
      return {std::move(items)};
    }
    do {
      items.push_back(element(",]", depth + 1));
    } while (next_item(']'));
    return {std::move(items)};
  }

  ConfigNode map(int depth) {
    ConfigNode node{ConfigNode::Map{}};
    ++at_;
    skip_spaces();
    if (!at_end() && peek() == '}') {
      ++at_;
      return node;
    }
    do {
      skip_spaces();
      std::string key = unquoted_text(":").first;
      if (at_end()) fail_at("a key of a map needs ':' and a value");
      ++at_;
      ConfigNode value = element(",}", depth + 1);
      if (ConfigNode* earlier = node.child(key)) {
        *earlier = std::move(value);
      } else {
        node.map()->push_back({std::move(key), std::move(value)});
      }
    } while (next_item('}'));
    return node;
  }

  /// After an item: true at a comma, false at the closing bracket; both are taken.
  bool next_item(char close) {
    skip_spaces();
    if (at_end()) fail_at(concat("'", close, "' is missing"));
    const char c = text_[at_++];
    if (c != ',' && c != close) fail_at(concat("expected ',' or '", close, "' before '", c, "'"));
    return c == ',';
  }

  /// A quote is escaped by an odd number of backslashes before it; those before a quote count
  /// half, all others are themselves.
  ConfigNode quoted() {
    const char quote = text_[at_++];
    std::string value;
    while (!at_end()) {
      const std::size_t run = std::min(text_.find_first_not_of('\\', at_), text_.size()) - at_;
      at_ += run;
      if (at_end()) break;
      const char c = text_[at_++];
      if (c != quote) {
        value.append(run, '\\');
        value += c;
        continue;
      }
      value.append(run / 2, '\\');
      if (run % 2 == 0) return {std::move(value), true};
      value += c;
    }
    fail_at(concat("a quote is not closed (", quote, ")"));
  }

  ConfigNode unquoted(std::string_view ends) {
    auto [value, is_plain] = unquoted_text(ends);
    return is_plain ? override_scalar(value) : ConfigNode{std::move(value)};
  }

  /// The text up to one of `ends`, without the spaces around it; false if it has escapes or
  /// interpolations and so can only be a string.
  std::pair<std::string, bool> unquoted_text(std::string_view ends) {
    std::string value;
    std::size_t length_to_keep = 0;  // up to the last character that is no bare space
    bool is_plain = true;
    while (!at_end() && !is_one_of(peek(), ends)) {
      const char c = peek();
      if (c == '\\' && at_ + 1 < text_.size() && is_one_of(text_[at_ + 1], "\\()[]{}:=, \t")) {
        value += text_[at_ + 1];
        at_ += 2;
        length_to_keep = value.size();
        is_plain = false;
        continue;
      }
      if (text_.substr(at_).starts_with("${")) {
        const std::size_t length = interpolation_length();
        value += text_.substr(at_, length);
        at_ += length;
        length_to_keep = value.size();
        is_plain = false;
        continue;
      }
      if (c == '(' && !value.empty()) fail_at("sweeps and functions of Hydra are not supported");
      if (is_one_of(c, "()[]{}=,'\"")) {
        fail_needs_quotes(c);
      }
      value += c;
      ++at_;
      if (!is_space(c)) length_to_keep = value.size();
    }
    value.resize(length_to_keep);
    if (value.empty()) fail_at("a value is missing");
    return {std::move(value), is_plain};
  }

  /// From "${" at the current place to the brace that closes it.
  std::size_t interpolation_length() const {
    int open = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      if (text_.substr(i).starts_with("${")) ++open;
      if (text_[i] == '}' && --open == 0) return i + 1 - at_;
    }
    fail_at("an interpolation is not closed by '}'");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

ConfigNode parse_override_value(std::string_view text) {
  return ValueParser(text).parse();
}

}  // namespace sbert
