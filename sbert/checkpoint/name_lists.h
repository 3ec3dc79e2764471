#pragma once

#include <string>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// "a, b, c", for messages; of more than twenty names the first twenty and the number of the rest.
std::string joined(const std::vector<std::string>& names);

/// Logs, in one line, weights that an embedding does not need and that are left out. Those of
/// zeros alone hold nothing and are not named.
void log_ignored(const Weights& ignored);

}  // namespace sbert
