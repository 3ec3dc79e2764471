#include "sbert/config/golden_lines.h"

#include <sstream>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/config/scalar.h"

namespace sbert {
namespace {

std::string quoted_json(const std::string& text) {
  return nlohmann::json(text).dump();
}

}  // namespace

std::string canonical(const ConfigNode& node) {
  std::string out;
  if (const auto* map = node.map()) {
    for (const auto& [key, value] : *map) {
      out += concat(out.empty() ? "" : ",", quoted_json(key), ':', canonical(value));
    }
    return concat('{', out, '}');
  }
  if (const auto* list = node.list()) {
    for (const ConfigNode& item : *list)
      out += concat(out.empty() ? "" : ",", canonical(item));
    return concat('[', out, ']');
  }
  if (const auto* text = node.string()) return quoted_json(*text);
  if (node.is_null()) return "null";
  if (const auto* flag = std::get_if<bool>(&node.value)) return *flag ? "true" : "false";
  return scalar_text(node);
}

std::vector<GoldenLine> read_golden_lines(const std::string& name) {
  std::istringstream stream(read_file(concat(SBERT_GOLDEN, "/config/", name)));
  std::vector<GoldenLine> lines;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t tab = line.find('\t');
    const nlohmann::json input = nlohmann::json::parse(line.substr(0, tab));
    GoldenLine golden;
    if (input.is_string()) golden.input.push_back(input);
    if (input.is_array()) golden.input = input.get<std::vector<std::string>>();
    golden.expected = line.substr(tab + 1);
    lines.push_back(golden);
  }
  return lines;
}

}  // namespace sbert
