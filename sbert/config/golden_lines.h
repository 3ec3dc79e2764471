#pragma once

// For tests: the .tsv files of tests/golden/config, and the notation of their values.

#include <string>
#include <vector>

#include "sbert/config/config_tree.h"

namespace sbert {

/// A node in the notation of the golden files: JSON without spaces, numbers as Python's repr.
std::string canonical(const ConfigNode& node);

struct GoldenLine {
  std::vector<std::string> input;  ///< one string, or the strings of a list
  std::string expected;            ///< canonical, or "error"
};

std::vector<GoldenLine> read_golden_lines(const std::string& name);

}  // namespace sbert
