#pragma once

#include <string>
#include <vector>

#include "sbert/config/command_line.h"
#include "sbert/config/config_tree.h"
#include "sbert/run/train_options.h"

namespace sbert {

/// The configuration of a command line, before interpolations are resolved: the file
/// that it names, or the built-in one of that name, with the overrides applied. A key that sbert
/// knows may be set whether the file has it or not.
/// @throws Error(kUsage) or Error(kInput) naming the file or the word that is wrong
ConfigTree train_config(const CommandLine& line);

/// @throws Error(kUsage) naming an unknown key, with the nearest known one, or a value out of range
TrainOptions read_train_options(const ConfigTree& resolved);

/// The configuration with the values of all keys that sbert knows, those that it lacks at their
/// defaults: with it the same run can be started again.
ConfigTree with_defaults(const ConfigTree& resolved, const TrainOptions& options);

/// The dotted keys of the words that change the configuration.
std::vector<std::string> overridden_keys(const CommandLine& line);

/// The words of a command line that make the configuration out of the built-in one.
/// @param config as train_config() gives it: a value that follows another one is no change
std::vector<std::string> changed_words(const CommandLine& line, const ConfigTree& config);

/// Warns of each key without effect that the user gave, by a word or by a value of a file that no
/// built-in configuration has, and says why that is so.
/// @param config as train_config() gives it
void report_ignored_keys(const CommandLine& line, const ConfigTree& config);

}  // namespace sbert
