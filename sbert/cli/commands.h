#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

class Backend;

/// The words after the name of a command.
using Arguments = std::vector<std::string>;

// One function a command, each in the file of its name. They print results to stdout, everything
// else to stderr, and throw Error. None knows in which of the programs it runs: where models
// compute is the backend's business.
void run_cluster(const Arguments& arguments, Backend& backend);
void run_convert(const Arguments& arguments, Backend& backend);
void run_embed(const Arguments& arguments, Backend& backend);
void run_evaluate(const Arguments& arguments, Backend& backend);
void run_info(const Arguments& arguments, Backend& backend);
void run_mine(const Arguments& arguments, Backend& backend);
void run_paraphrases(const Arguments& arguments, Backend& backend);
void run_search(const Arguments& arguments, Backend& backend);
void run_similarity(const Arguments& arguments, Backend& backend);
void run_tokenize(const Arguments& arguments, Backend& backend);

struct Command {
  std::string_view name;
  std::string_view summary;
  void (*run)(const Arguments& arguments, Backend& backend);
};

/// All commands, in the order in which --help lists them.
std::span<const Command> all_commands();

}  // namespace sbert
