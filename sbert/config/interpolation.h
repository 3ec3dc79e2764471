#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sbert/config/config_tree.h"

namespace sbert {

/// Looks up an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process.
std::optional<std::string> process_environment(const std::string& name);

/// The tree with every interpolation replaced by its value, in OmegaConf's grammar:
/// ${a.b} from the root, ${.x} beside the key, ${..x} one level up; ${oc.env:NAME,default},
/// which is text, ${oc.decode:text}, which is what the text means as an override's value,
/// ${oc.select:key,default}, ${multiply:x,y} and ${sum:x,y}; these may nest. Alone it keeps the
/// type (also of a map); within text it becomes text as Python's str writes it. \${ stands for ${.
/// @throws Error(kUsage) naming the key: unknown key or resolver, cycle, variable not set, and
///         "required" where a value is "???"
ConfigTree resolve(const ConfigTree& tree, const Environment& environment = process_environment);

}  // namespace sbert
