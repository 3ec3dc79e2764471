#pragma once

#include "sbert/config/command_line.h"
#include "sbert/config/config_tree.h"
#include "sbert/train/train_options.h"

namespace sbert {

/// The configuration that a command line stands for, before interpolations are resolved: the file
/// that it names, or the built-in one of that name, with the overrides applied. A key that sbert
/// knows may be set whether the file has it or not.
/// @throws Error(kUsage) or Error(kInput) naming the file or the word that is wrong
ConfigTree train_config(const CommandLine& line);

/// @throws Error(kUsage) naming an unknown key, with the nearest known one, or a value out of range
TrainOptions read_train_options(const ConfigTree& resolved);

/// Says of each override that changes nothing why that is so.
void report_ignored_overrides(const CommandLine& line);

}  // namespace sbert
