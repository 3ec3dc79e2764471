#pragma once

#include <string>
#include <vector>

namespace sbert {

/// For each path the shortest end of it, in whole parts, that tells it from the others: "minilm"
/// for /a/minilm beside /a/tuned/, "b/model" for /a/b/model beside /a/c/model. The whole path where
/// none does. Without slashes at the end.
std::vector<std::string> shortest_ends(const std::vector<std::string>& paths);

}  // namespace sbert
