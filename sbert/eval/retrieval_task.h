#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/matrix.h"
#include "sbert/data/beir.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/retrieval_metrics.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/topk.h"

namespace sbert {

/// What is done with the document that has the id of the query.
enum class IdenticalIds {
  kIgnore,  ///< it is not ranked for this query
  kKeep,    ///< it is ranked as any other
};
constexpr auto enum_names(IdenticalIds) {
  return std::to_array<EnumName<IdenticalIds>>(
      {{"ignore", IdenticalIds::kIgnore}, {"keep", IdenticalIds::kKeep}});
}

struct RetrievalOptions {
  RetrievalMode mode = RetrievalMode::kTrec;
  /// By default as those do it whose definitions the mode has: BEIR ignores such a document (in
  /// ArguAna and Quora it is the query itself), sentence-transformers keeps it.
  std::optional<IdenticalIds> identical_ids{};
  /// Values of k of the metrics; the largest is the number of documents that are ranked.
  std::vector<std::int64_t> cutoffs{1, 3, 5, 10, 100, 1'000};
  /// Where the rankings are written, as trec_eval reads them; empty: nowhere.
  std::filesystem::path run_file{};
  /// Documents whose embeddings are in memory at a time, at most.
  std::int64_t block_documents = 51'200;
  /// Of the process, texts and all; 0: no limit. The result does not depend on it.
  std::uint64_t memory_bytes = 0;
};

/// Ranks the documents of each query by the source's similarity, exactly, and measures the
/// rankings: retrieval_metrics(). The corpus goes by in blocks. Where queries have the ids of
/// documents, a warning says how many and whether those documents are ranked.
///
/// @throws Error(kUsage) if the source's similarity is manhattan, there is no cutoff, one is below
///         1, or the memory does not suffice; Error(kInput) if no query has a relevant document
Evaluation evaluate_retrieval(const RoleEmbedder& source,
                              const RetrievalData& data,
                              const RetrievalOptions& options);

/// Writes rankings as trec_eval reads them, a line a document: query id, Q0, document id, rank from
/// 1, score, tag.
///
/// @throws Error(kInput) if an id is empty or holds white space, which the format cannot carry
void write_trec_run(const std::filesystem::path& path,
                    const RetrievalData& data,
                    const std::vector<std::vector<Hit>>& rankings,
                    const std::string& tag);

}  // namespace sbert
