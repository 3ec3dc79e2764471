#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sbert/config/config_tree.h"

namespace sbert {

/// Reads one YAML document as OmegaConf does: scalars typed by yaml_scalar(), keys as their text.
/// An empty document is an empty map. Refused: duplicate keys, merge keys (<<), tags other than
/// !!str !!int !!float !!bool !!null !!map !!seq, several documents, more than 64 levels, more than
/// 100,000 nodes (an alias counts as the node that it refers to).
/// @throws Error(kInput) with line and column
ConfigNode parse_yaml(std::string_view text);

/// @throws Error(kIo) if the file cannot be read; Error(kInput) as parse_yaml(), if the file is
///         longer than 4 MiB, or if its root is not a map
ConfigTree read_yaml(const std::filesystem::path& path);

/// The tree as a YAML document in block style that parse_yaml() and OmegaConf read back as the same
/// values. Strings are quoted where they would read as something else, or were quoted before.
std::string write_yaml(const ConfigNode& node);
std::string write_yaml(const ConfigTree& tree);

}  // namespace sbert
