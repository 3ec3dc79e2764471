#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/mine/miner.h"
#include "sbert/mine/mining_input.h"
#include "sbert/mine/negative_filter.h"

namespace sbert {

/// What proposes candidates. Their scores are always the model's.
enum class CandidateSource {
  kDense,   ///< the model
  kBm25,    ///< BM25
  kHybrid,  ///< both, by reciprocal rank fusion
};
constexpr auto enum_names(CandidateSource) {
  return std::to_array<EnumName<CandidateSource>>({{"dense", CandidateSource::kDense},
                                                   {"bm25", CandidateSource::kBm25},
                                                   {"hybrid", CandidateSource::kHybrid}});
}

struct MiningOptions {
  FilterOptions filter{};
  CandidateSource candidates = CandidateSource::kDense;
  /// Corpora of more documents are searched approximately; 0: every corpus exactly.
  std::int64_t approximate_above = 0;
  std::int64_t graph_documents = 1'000'000;  ///< documents that share a graph of approximate search
  std::string query_prompt;                  ///< put before each question
  std::string document_prompt;               ///< put before each document
  std::int64_t max_length = 0;               ///< tokens a text is cut to; 0: the model's
  std::uint64_t seed = 0;
  std::uint64_t memory_bytes = 2ULL << 30;  ///< of the process, questions and all
  std::filesystem::path vectors_folder;     ///< of embeddings that a later run reuses
  /// A hash of the model's files (model_fingerprint()), so that embeddings of a model that changed
  /// are not reused; 0: identified by the embeddings of some texts alone.
  std::uint64_t model_key = 0;

  /// @throws Error(kUsage) naming the key
  void validate() const;
};

/// A second model, whose scores take the place of the first one's.
struct Teacher {
  const TextEmbedder* embedder = nullptr;  ///< none: no teacher
  std::string query_prompt{};
  std::string document_prompt{};
  std::uint64_t model_key = 0;  ///< as MiningOptions::model_key
};

/// Told the questions in their order; the index is that of MiningInput::questions.
using TakeMined = std::function<void(std::size_t question, const MinedQuestion& mined)>;

/// Finds hard negatives for every question: embeds all texts into files, searches, exactly or
/// by graphs, drops false negatives and chooses. The memory taken does not depend on the number of
/// documents but for the index of where each lies (some 24 bytes). The same input, options and
/// seed give the same negatives on any number of threads and processes.
///
/// @throws Error(kUsage) if the memory does not suffice, Error(kIo), Error(kCancelled): then the
///         embeddings that are finished stay in the folder
void mine_hard_negatives(const TextEmbedder& embedder,
                         const Teacher& teacher,
                         const MiningInput& input,
                         const MiningOptions& options,
                         const TakeMined& take,
                         const ComputeContext& context);

/// Removes the embeddings that mine_hard_negatives() left in a folder, and the folder if nothing
/// else is in it.
void remove_vectors(const std::filesystem::path& folder);

}  // namespace sbert
