#include "sbert/config/json.h"

#include <nlohmann/json.hpp>

namespace sbert {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ConfigNode& node) {
  if (const auto* list = node.list()) {
    Json json = Json::array();
    for (const ConfigNode& item : *list)
      json.push_back(to_json(item));
    return json;
  }
  if (const auto* map = node.map()) {
    Json json = Json::object();
    for (const ConfigNode::Entry& entry : *map)
      json[entry.key] = to_json(entry.value);
    return json;
  }
  if (const auto* flag = std::get_if<bool>(&node.value)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return *integer;
  if (const auto* number = std::get_if<double>(&node.value)) return *number;
  if (const auto* text = node.string()) return *text;
  return nullptr;
}

}  // namespace

std::string write_json(const ConfigNode& node) {
  return to_json(node).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sbert
