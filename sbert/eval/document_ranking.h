#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sbert/data/beir.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/retrieval_metrics.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/topk.h"

namespace sbert {

/// A block of the corpus while its embeddings are in memory.
struct DocumentBlock {
  const FloatMatrix& queries;             ///< [Q, H] as the source gave them
  const FloatMatrix& documents;           ///< [n, H]
  const std::vector<std::int64_t>& rows;  ///< [n] positions in the corpus
};

struct RankingOptions {
  std::int64_t depth = 0;  ///< documents that are ranked for each query
  RetrievalMode mode = RetrievalMode::kTrec;
  /// [Q] a row of the corpus that is not ranked for this query, -1 for none; empty: all are ranked.
  std::vector<std::int64_t> left_out{};
  std::int64_t block_documents = 51'200;  ///< embedded and searched at a time, at most
  std::uint64_t memory_bytes = 0;         ///< of the process; 0: no limit
};

/// The `depth` best documents of each query by the source's similarity, exactly: the corpus is
/// embedded and searched block by block. Equal scores come in the mode's order of ids, also where
/// the list is cut. The score of a Euclidean distance is its negative.
///
/// @param see called with each block
/// @return [Q] hits whose rows are those of the corpus, best first
/// @throws Error(kUsage) if the source's similarity is manhattan, or the memory does not suffice
std::vector<std::vector<Hit>> rank_documents(
    const RoleEmbedder& source,
    const RetrievalData& data,
    const RankingOptions& options,
    const std::function<void(const DocumentBlock& block)>& see);

}  // namespace sbert
