#pragma once

#include <string>
#include <vector>

#include "sbert/config/config_tree.h"

namespace sbert {

/// What makes one configuration of another, as words of a command line ("model.seed=7"), in the
/// order of `to`: each value that `from` lacks or has otherwise. A list is one value.
std::vector<std::string> changes(const ConfigTree& from, const ConfigTree& to);

}  // namespace sbert
