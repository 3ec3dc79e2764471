#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sbert/config/config_tree.h"

namespace sbert {

/// The words of a command that is configured as Hydra's programs are.
struct CommandLine {
  std::string config_path{};             ///< folder of the configuration; empty if not given
  std::string config_name{};             ///< with or without .yaml; empty if not given
  std::string config_dir{};              ///< another folder to look in; empty if not given
  std::vector<std::string> overrides{};  ///< in order
  bool show_config = false;              ///< --cfg job: print the configuration and do no more
  bool resolve = false;                  ///< with --cfg: print it with its interpolations resolved
  bool help = false;
};

/// Sorts words into flags and overrides, which may come in any order; a flag's value follows it or
/// follows "=".
/// @throws Error(kUsage) for another flag, a flag without its value, or a word that is no override
CommandLine parse_command_line(std::span<const std::string> words);

/// The file that a command line names: config_name in config_path (else `default_folder`), or in
/// config_dir.
/// @throws Error(kUsage) if no name was given and `default_name` is empty, or there is no such file
std::filesystem::path config_file(const CommandLine& command_line,
                                  const std::filesystem::path& default_folder,
                                  const std::string& default_name);

}  // namespace sbert
