#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/base/field.h"
#include "sbert/mine/mining_input.h"
#include "sbert/mine/negative_filter.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

class ProcessGroup;

struct MiningOptions {
  FilterOptions filter{};
  /// dense: by the model; bm25: by BM25; hybrid: both by reciprocal rank fusion. The scores of all
  /// are the model's.
  std::string candidates = "dense";
  /// Corpora of more documents are searched approximately; 0: every corpus exactly.
  std::int64_t approximate_above = 0;
  std::int64_t graph_documents = 1'000'000;  ///< documents that share a graph of approximate search
  std::string query_prompt;                  ///< put before each question
  std::string document_prompt;               ///< put before each document
  std::int64_t max_length = 0;               ///< tokens a text is cut to; 0: the model's
  int threads = 0;                           ///< 0: every core
  std::uint64_t seed = 0;
  /// Whose other processes embed for this one (EmbeddingService), first by the model, then by the
  /// teacher; null: none.
  ProcessGroup* group = nullptr;
  std::uint64_t memory_bytes = 2ULL << 30;  ///< of the process, questions and all
  /// Where embeddings lie, for the next run to go on with.
  std::filesystem::path vectors_folder;

  /// @throws Error(kUsage) naming the key
  void validate() const;
};

/// A second model, whose scores take the place of the first one's.
struct Teacher {
  const SentenceModel* model = nullptr;  ///< none: no teacher
  std::string query_prompt{};
  std::string document_prompt{};
};

/// What was found for a question.
struct MinedQuestion {
  std::vector<float> positive_scores{};  ///< one for each of its positives
  std::vector<Candidate> negatives{};    ///< best first
  RuleCounts dropped{};
};

/// Told the questions in their order; the index is that of MiningInput::questions.
using TakeMined = std::function<void(std::size_t question, const MinedQuestion& mined)>;

/// Finds hard negatives for every question: embeds all texts into files, searches, exactly or
/// by graphs, drops false negatives and chooses. The memory taken does not depend on the number of
/// documents but for the index of where each lies (some 24 bytes). The same input, options and
/// seed give the same negatives on any number of threads.
///
/// @throws Error(kUsage) if the memory does not suffice, Error(kIo), Error(kCancelled): then the
///         embeddings that are finished stay in the folder
void mine_hard_negatives(const SentenceModel& model,
                         const Teacher& teacher,
                         const MiningInput& input,
                         const MiningOptions& options,
                         const TakeMined& take);

}  // namespace sbert
