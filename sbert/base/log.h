#pragma once

#include <string_view>

namespace sbert {

// Lines for people, on stderr. A live progress line is cleared first and drawn
// again after. Any thread may call.

void log_info(std::string_view message);
void log_warning(std::string_view message);

/// Also appends every later line, with the time before it, to this file, and warnings to another
/// too; an empty path stops that.
/// @throws Error(kIo) if a file cannot be opened
void log_to_file(std::string_view path, std::string_view warnings_path = "");

/// Drops log_info lines on the terminal (--quiet); warnings and the log file stay.
void set_quiet(bool quiet);
bool is_quiet();

}  // namespace sbert
