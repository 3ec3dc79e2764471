#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "sbert/eval/evaluation.h"
#include "sbert/eval/label_tasks.h"
#include "sbert/eval/retrieval_task.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/k_means.h"
#include "sbert/search/paraphrase_mining.h"

namespace sbert {

struct TaskOptions {
  std::string split = "test";  ///< of a BEIR folder: qrels/SPLIT.tsv
  RetrievalOptions retrieval{};
  KMeansOptions clustering{};  ///< without the number of clusters
  ClassificationOptions classification{};
  ParaphraseOptions paraphrases{};
};

/// A task by the name that the command line and the trainer's evaluators give it.
struct TaskKind {
  std::string_view name;  ///< "sts"
  std::string_view data;  ///< what its data is, in words
  Evaluation (*run)(const std::filesystem::path& data,
                    const RoleEmbedder& source,
                    const TaskOptions& options);
};

/// All tasks: sts, retrieval, clustering, classification, pair-classification, reranking and
/// paraphrase-mining.
std::span<const TaskKind> all_tasks();

/// The task of this name.
/// @throws Error(kUsage) for another one, listing those there are
const TaskKind& find_task(std::string_view name);

/// Reads the data and measures the embeddings that the source gives its texts.
///
/// - sts: a file of pairs with scores (read_scored_pairs)
/// - pair-classification: a file of pairs with labels 0 and 1 (read_labelled_pairs)
/// - retrieval: a folder in BEIR's layout (read_beir), or a file of training examples
///   (read_example_pool)
/// - reranking: a file of queries with positives and negatives (read_reranking_samples)
/// - clustering: a file of texts with labels (read_labelled_texts)
/// - classification: a folder with two such files, `train` and `test`
/// - paraphrase-mining: a folder with `texts` and `pairs` (read_paraphrases)
///
/// @throws Error(kUsage) if there is no such task; what the readers, the evaluators and the source
///         throw
Evaluation run_task(std::string_view task,
                    const std::filesystem::path& data,
                    const RoleEmbedder& source,
                    const TaskOptions& options = {});

}  // namespace sbert
