#pragma once

#include <string_view>

namespace sbert {

// Lines for people, on stderr. A live progress line that stands there is cleared first and drawn
// again after. Any thread may call.

void log_info(std::string_view message);
void log_warning(std::string_view message);

/// Also appends every later line, with the time before it, to this file; an empty path stops that.
/// @throws Error(kIo) if the file cannot be opened
void log_to_file(std::string_view path);

/// Drops log_info lines on the terminal (--quiet); warnings and the log file stay.
void set_quiet(bool quiet);
bool is_quiet();

}  // namespace sbert
