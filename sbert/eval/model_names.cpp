#include "sbert/eval/model_names.h"

#include <cstddef>
#include <string_view>

namespace sbert {
namespace {

std::string_view without_last_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  return path;
}

// Where the part before the one that begins at `start` begins; npos if that was the first.
std::size_t previous_part(std::string_view path, std::size_t start) {
  if (start < 2) return path.npos;
  const std::size_t slash = path.rfind('/', start - 2);
  return slash == path.npos ? 0 : slash + 1;
}

// Whether a path ends in these parts.
bool ends_in(std::string_view path, std::string_view parts) {
  return path == parts || (path.ends_with(parts) && path[path.size() - parts.size() - 1] == '/');
}

}  // namespace

std::vector<std::string> shortest_ends(const std::vector<std::string>& paths) {
  std::vector<std::string> ends;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string_view path = without_last_slashes(paths[i]);
    const auto is_of_another = [&](std::string_view end) {
      for (std::size_t k = 0; k < paths.size(); ++k) {
        if (k != i && ends_in(without_last_slashes(paths[k]), end)) return true;
      }
      return false;
    };
    std::size_t start = path.rfind('/') + 1;  // npos + 1 is 0
    while (start > 0 && is_of_another(path.substr(start))) {
      const std::size_t before = previous_part(path, start);
      start = before == path.npos ? 0 : before;
    }
    ends.emplace_back(start < path.size() ? path.substr(start) : path);
  }
  return ends;
}

}  // namespace sbert
