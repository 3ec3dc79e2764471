#include "sbert/cli/commands.h"

namespace sbert {

std::span<const Command> all_commands() {
  static constexpr Command kCommands[] = {
      {"convert", "bring a model into another form: .nemo, sentence-transformers, Hugging Face",
       run_convert},
      {"mine", "hard negatives for training data, out of a corpus", run_mine},
      {"train", "fine-tune a model on questions, positives and hard negatives", run_train},
      {"evaluate", "measure a model: similarity, retrieval, clustering, classification, ...",
       run_evaluate},
      {"embed", "texts to vectors: .npy, JSON Lines or text", run_embed},
      {"similarity", "cosine similarity of two texts", run_similarity},
      {"search", "the documents of a corpus that are nearest to a query", run_search},
      {"cluster", "texts to groups of like ones", run_cluster},
      {"paraphrases", "the pairs of texts that are most alike", run_paraphrases},
      {"tokenize", "texts to token ids", run_tokenize},
      {"info", "what a model is: form, architecture, tokenizer, pooling", run_info},
  };
  return kCommands;
}

}  // namespace sbert
