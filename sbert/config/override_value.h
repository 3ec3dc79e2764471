#pragma once

#include <string_view>

#include "sbert/config/config_tree.h"

namespace sbert {

/// The value of an override, the part after "=", in Hydra's grammar: null, booleans, integers,
/// numbers, 'quoted' and "quoted" strings, unquoted strings such as paths and URLs, [lists] and
/// {key: value} maps. In unquoted strings a backslash takes the meaning from \ ( ) [ ] { } : = ,
/// space and tab. Interpolations (${model.x}) stay as they are, in quotes too. "" is the empty
/// string.
/// @throws Error(kUsage) for a broken value, and for Hydra's sweeps and functions, which start
///         several runs
ConfigNode parse_override_value(std::string_view text);

}  // namespace sbert
