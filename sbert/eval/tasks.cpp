#include "sbert/eval/tasks.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/evaluation_records.h"
#include "sbert/data/example_pool.h"
#include "sbert/eval/pair_tasks.h"
#include "sbert/eval/ranking_tasks.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

Evaluation run_sts(const fs::path& data, const RoleEmbedder& source, const TaskOptions&) {
  const ScoredPairs pairs = read_scored_pairs(data);
  return within(data.native(), [&] { return evaluate_sts(source, pairs); });
}

Evaluation run_pair_classification(const fs::path& data,
                                   const RoleEmbedder& source,
                                   const TaskOptions&) {
  const ScoredPairs pairs = read_labelled_pairs(data);
  return within(data.native(), [&] { return evaluate_pair_classification(source, pairs); });
}

Evaluation run_retrieval(const fs::path& data,
                         const RoleEmbedder& source,
                         const TaskOptions& options) {
  const StopToken& stop = source.context().stop;
  const RetrievalData corpus =
      fs::is_directory(data) ? read_beir(data, options.split, stop) : read_example_pool(data, stop);
  return within(data.native(),
                [&] { return evaluate_retrieval(source, corpus, options.retrieval); });
}

Evaluation run_reranking(const fs::path& data, const RoleEmbedder& source, const TaskOptions&) {
  const RerankingSamples samples = read_reranking_samples(data);
  return within(data.native(), [&] { return evaluate_reranking(source, samples); });
}

Evaluation run_clustering(const fs::path& data,
                          const RoleEmbedder& source,
                          const TaskOptions& options) {
  const LabelledTexts texts = read_labelled_texts(data);
  return within(data.native(),
                [&] { return evaluate_clustering(source, texts, options.clustering); });
}

Evaluation run_classification(const fs::path& data,
                              const RoleEmbedder& source,
                              const TaskOptions& options) {
  const LabelledTexts train = read_labelled_texts(find_record_file(data, "train"));
  const LabelledTexts test = read_labelled_texts(find_record_file(data, "test"));
  return within(data.native(), [&] {
    return evaluate_classification(source, train, test, options.classification);
  });
}

Evaluation run_paraphrase_mining(const fs::path& data,
                                 const RoleEmbedder& source,
                                 const TaskOptions& options) {
  const ParaphraseData texts = read_paraphrases(data);
  return within(data.native(),
                [&] { return evaluate_paraphrase_mining(source, texts, options.paraphrases); });
}

}  // namespace

std::span<const TaskKind> all_tasks() {
  static constexpr TaskKind kTasks[] = {
      {"sts", "a file: sentence1, sentence2, score", run_sts},
      {"retrieval", "a folder in BEIR's layout, or a file of training examples", run_retrieval},
      {"clustering", "a file: text, label", run_clustering},
      {"classification", "a folder with the files train and test: text, label", run_classification},
      {"pair-classification", "a file: sentence1, sentence2, label (0 or 1)",
       run_pair_classification},
      {"reranking", "a file: query, positive, negative (lists)", run_reranking},
      {"paraphrase-mining", "a folder with the files texts (id, text) and pairs (id1, id2)",
       run_paraphrase_mining},
  };
  return kTasks;
}

const TaskKind& find_task(std::string_view name) {
  std::string known;
  for (const TaskKind& task : all_tasks()) {
    if (task.name == name) return task;
    known += concat(known.empty() ? "" : ", ", task.name);
  }
  fail(ErrorKind::kUsage, concat("no such task (known: ", known, "): ", name));
}

Evaluation run_task(std::string_view task,
                    const fs::path& data,
                    const RoleEmbedder& source,
                    const TaskOptions& options) {
  return find_task(task).run(data, source, options);
}

}  // namespace sbert
