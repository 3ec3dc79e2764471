#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sbert {

/// Measured values by name, in the order of writing: {"ndcg@10", 0.78}, ...
using Metrics = std::vector<std::pair<std::string, double>>;

}  // namespace sbert
