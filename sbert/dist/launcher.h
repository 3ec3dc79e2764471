#pragma once

#include <string>
#include <vector>

#include "sbert/base/stop_token.h"

namespace sbert {

/// Starts this program `count` times on this machine, with the same words and the variables that
/// make each find its place (find_membership()), and waits for all. Rank 0 has the terminal; of the
/// others the last lines are kept. When one ends in another way than with exit code 0, the others
/// are told to stop, and after a while are ended. A stop is handed on. No process outlives this
/// one.
/// @param words the command line, without the program's name
/// @param stop  told to the processes by a signal when it is requested
/// @throws Error, of the kind that the failed process's exit code says, with its rank and its last
///         lines
void run_local_processes(int count, const std::vector<std::string>& words, const StopToken& stop);

}  // namespace sbert
