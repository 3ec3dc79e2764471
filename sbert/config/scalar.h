#pragma once

#include <string>
#include <string_view>

#include "sbert/config/config_tree.h"

namespace sbert {

/// The value of a plain (unquoted) scalar of a YAML file, typed as OmegaConf's loader types it:
/// YAML 1.1 with "yes" and "off" as booleans and octal "017", but 2e-4 is a number, and there are
/// no dates. Two departures: an integer beyond 64 bits becomes a double, and 1:30:00 stays a string
/// (a time limit) instead of being a number in base 60.
ConfigNode yaml_scalar(std::string_view text);

/// The value of an unquoted word of a command line, typed as Hydra types it: null, true, false,
/// inf and nan in any case, integers such as 1_000, numbers such as .5, 1. and 1e-5; else a string.
ConfigNode override_scalar(std::string_view text);

/// A double as Python's repr writes it: the fewest digits that read back the same, with a point or
/// an exponent: "0.0002", "1e-05", "1.0", "inf", "nan".
std::string double_text(double value);

/// A scalar as Python's str writes it, as in text around an interpolation: "True", "None", "1.5".
/// The text of a string is itself.
std::string scalar_text(const ConfigNode& scalar);

}  // namespace sbert
