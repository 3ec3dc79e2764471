#pragma once

#include <string>

namespace sbert {

/// The name of this machine, without characters that have no place in a file's name; "localhost"
/// if it has none.
std::string host_name();

}  // namespace sbert
