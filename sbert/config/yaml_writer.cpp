#include <string>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/config/scalar.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

constexpr std::string_view kPlainCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./$@%*^~=() ";
// What else a plain scalar must not begin with.
constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@` =~";

bool can_stand_plain(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kPlainCharacters) == std::string_view::npos &&
         kIndicators.find(text.front()) == std::string_view::npos && text.back() != ' ' &&
         !text.starts_with("...");
}

std::string hexadecimal(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

/// The escape of the character that `text` begins with, and its length in bytes; length 0 if it
/// needs none. Control characters and Unicode's line breaks cannot stand in YAML as they are.
std::pair<std::string, std::size_t> escape(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < ' ' || first == 0x7F) return {concat("\\x", hexadecimal(first)), 1};
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
  if (first == 0xC2 && second >= 0x80 && second < 0xA0) {
    return {concat("\\x", hexadecimal(static_cast<unsigned char>(second))), 2};
  }
  if (text.starts_with("\xE2\x80\xA8")) return {"\\u2028", 3};
  if (text.starts_with("\xE2\x80\xA9")) return {"\\u2029", 3};
  if (text.starts_with("\xEF\xBB\xBF")) return {"\\uFEFF", 3};
  return {"", 0};
}

std::string in_quotes(std::string_view text) {
  std::string single = "'";
  std::string doubled = "\"";
  bool has_escapes = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [escaped, length] = escape(text.substr(i));
    if (length > 0) {
      has_escapes = true;
      doubled += escaped;
      i += length;
      continue;
    }
    const char c = text[i++];
    single.append(c == '\'' ? 2 : 1, c);
    if (c == '"' || c == '\\') doubled += '\\';
    doubled += c;
  }
  return has_escapes ? doubled + '"' : single + '\'';
}

/// YAML 1.1 asks for a point in a number with an exponent.
std::string yaml_double(double value) {
  std::string text = double_text(value);
  if (text == "nan") return ".nan";
  if (text == "inf") return ".inf";
  if (text == "-inf") return "-.inf";
  const std::size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) {
    text.insert(exponent, ".0");
  }
  return text;
}

std::string yaml_string(const std::string& text, bool is_quoted) {
  const bool is_plain = !is_quoted && can_stand_plain(text) && yaml_scalar(text).is_string();
  return is_plain ? text : in_quotes(text);
}

std::string yaml_key(const std::string& key) {
  return can_stand_plain(key) && !yaml_scalar(key).is_null() ? key : in_quotes(key);
}

void write(const ConfigNode& node, std::size_t indent, std::string& out);

/// What stands after "key:" or "-": on the same line, or indented on the next ones.
void write_value(const ConfigNode& node, std::size_t indent, std::string& out) {
  const bool is_block =
      (node.is_map() && !node.map()->empty()) || (node.is_list() && !node.list()->empty());
  out += is_block ? '\n' : ' ';
  write(node, indent, out);
}

void write(const ConfigNode& node, std::size_t indent, std::string& out) {
  if (const auto* map = node.map()) {
    if (map->empty()) out += "{}\n";
    for (const auto& [key, value] : *map) {
      out.append(indent, ' ') += concat(yaml_key(key), ':');
      write_value(value, indent + 2, out);
    }
  } else if (const auto* list = node.list()) {
    if (list->empty()) out += "[]\n";
    for (const ConfigNode& item : *list) {
      out.append(indent, ' ') += '-';
      write_value(item, indent + 2, out);
    }
  } else if (const auto* text = node.string()) {
    out += concat(yaml_string(*text, node.is_quoted), '\n');
  } else if (const auto* number = std::get_if<double>(&node.value)) {
    out += concat(yaml_double(*number), '\n');
  } else if (const auto* flag = std::get_if<bool>(&node.value)) {
    out += *flag ? "true\n" : "false\n";
  } else {
    out += node.is_null() ? "null\n" : concat(scalar_text(node), '\n');
  }
}

}  // namespace

std::string write_yaml(const ConfigNode& node) {
  std::string out;
  write(node, 0, out);
  return out;
}

std::string write_yaml(const ConfigTree& tree) {
  return write_yaml(tree.root());
}

}  // namespace sbert
