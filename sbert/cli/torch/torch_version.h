#pragma once

#include <string>

namespace sbert {

/// Of the headers that this program was compiled with: "2.15.0".
std::string compiled_torch_version();

/// Whether the loader has found the libtorch that this program was compiled with.
/// @throws Error(kUsage) with both versions and the file that was loaded
void check_loaded_torch();

}  // namespace sbert
