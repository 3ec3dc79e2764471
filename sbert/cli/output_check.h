#pragma once

#include <span>
#include <string>

namespace sbert {

/// @param output a file that a command is to write; empty: none
/// @param inputs the files that it reads
/// @throws Error(kUsage) if one of them is that file, also by a link: its content would be lost
void refuse_output_over_input(const std::string& output, std::span<const std::string> inputs);

}  // namespace sbert
