#pragma once

#include <string>

#include "sbert/config/config_tree.h"

namespace sbert {

/// A node as JSON on one line. Numbers that JSON has no form for (inf, nan) are null.
std::string write_json(const ConfigNode& node);

}  // namespace sbert
