#pragma once

#include "sbert/cli/backend.h"

namespace sbert {

/// Runs the command that main()'s words name, turns its error into a message and an exit code, and
/// ends the process without destructors.
[[noreturn]] void run_program(int argc, char** argv, Backend& backend);

}  // namespace sbert
