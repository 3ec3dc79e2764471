#pragma once

#include "sbert/cli/commands.h"

namespace sbert {

/// `sbert train`.
/// @param words the whole command line, without the program's name: trainer.devices processes are
///              started with it
void run_train(const Arguments& arguments, const Arguments& words);

}  // namespace sbert
