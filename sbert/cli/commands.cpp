#include "sbert/cli/commands.h"

#include "sbert/cli/backend.h"

namespace sbert {
namespace {

void run_train(const Arguments& arguments, Backend& backend) {
  backend.train(arguments);
}

}  // namespace

std::span<const Command> all_commands() {
  static constexpr Command kCommands[] = {
      {"convert", "convert a model: .nemo, sentence-transformers, Hugging Face", run_convert},
      {"mine", "mine hard negatives for training data from a corpus", run_mine},
      {"train", "fine-tune a model on questions, positives and hard negatives", run_train},
      {"evaluate", "evaluate a model: similarity, retrieval, clustering, classification, ...",
       run_evaluate},
      {"embed", "embed texts: to .npy, JSON Lines or text", run_embed},
      {"similarity", "compute the cosine similarity of two texts", run_similarity},
      {"search", "find the documents of a corpus that are nearest to a query", run_search},
      {"cluster", "cluster texts", run_cluster},
      {"paraphrases", "find paraphrases", run_paraphrases},
      {"tokenize", "convert texts to token ids", run_tokenize},
      {"info", "describe a model: format, architecture, tokenizer, pooling", run_info},
  };
  return kCommands;
}

}  // namespace sbert
