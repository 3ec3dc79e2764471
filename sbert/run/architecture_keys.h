#pragma once

#include <string>
#include <vector>

#include "sbert/config/config_tree.h"
#include "sbert/model/encoder_spec.h"

namespace sbert {

/// The architecture is the checkpoint's, whatever a configuration file says; but a key that the
/// user has overridden with another value is an error.
/// @param resolved   the whole configuration
/// @param overridden dotted keys that were overridden
/// @throws Error(kUsage) naming the key, its value and the checkpoint's
void refuse_other_architecture(const ConfigTree& resolved,
                               const std::vector<std::string>& overridden,
                               const EncoderSpec& checkpoint);

}  // namespace sbert
