#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// The words after the name of a command.
using Words = std::vector<std::string>;

// One function a command, each in the file of its name. They print results to stdout, everything
// else to stderr, and throw Error.
void run_cluster(const Words& words);
void run_convert(const Words& words);
void run_embed(const Words& words);
void run_evaluate(const Words& words);
void run_info(const Words& words);
void run_mine(const Words& words);
void run_paraphrases(const Words& words);
void run_search(const Words& words);
void run_similarity(const Words& words);
void run_tokenize(const Words& words);
void run_train(const Words& words);

struct Command {
  std::string_view name;
  std::string_view summary;
  void (*run)(const Words& words);
};

/// All commands, in the order in which --help lists them.
std::span<const Command> all_commands();

}  // namespace sbert
