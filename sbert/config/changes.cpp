#include "sbert/config/changes.h"

#include "sbert/base/concat.h"
#include "sbert/config/json.h"

namespace sbert {
namespace {

bool has_children(const ConfigNode& node) {
  return node.is_map() && !node.map()->empty();
}

void add_changes(const ConfigNode* from,
                 const ConfigNode& to,
                 const std::string& path,
                 std::vector<std::string>& words) {
  if (from != nullptr && *from == to) return;
  if (!has_children(to)) {
    words.push_back(concat(path, '=', to.is_string() ? *to.string() : write_json(to)));
    return;
  }
  for (const auto& [key, value] : *to.map()) {
    const ConfigNode* before = from != nullptr && from->is_map() ? from->child(key) : nullptr;
    add_changes(before, value, path.empty() ? key : concat(path, '.', key), words);
  }
}

}  // namespace

std::vector<std::string> changes(const ConfigTree& from, const ConfigTree& to) {
  std::vector<std::string> words;
  add_changes(&from.root(), to.root(), "", words);
  return words;
}

}  // namespace sbert
