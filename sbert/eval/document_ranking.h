#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sbert/data/beir.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/retrieval_metrics.h"
#include "sbert/search/topk.h"

namespace sbert {

/// A block of the corpus while its embeddings are in memory.
struct DocumentBlock {
  const FloatMatrix& queries;             ///< [Q, H] as the source gave them
  const FloatMatrix& documents;           ///< [n, H]
  const std::vector<std::int64_t>& rows;  ///< [n] where they stand in the corpus
};

/// The `depth` best documents of each query by the source's similarity, exactly: the corpus is
/// embedded and searched block by block. Equal scores come in the mode's order of ids, also where
/// the list is cut. The score of a Euclidean distance is its negative.
///
/// @param see called with each block
/// @return [Q] hits whose rows are those of the corpus, best first
/// @throws Error(kUsage) if the source's similarity is manhattan
std::vector<std::vector<Hit>> rank_documents(
    EmbeddingSource& source,
    const RetrievalData& data,
    std::int64_t depth,
    RetrievalMode mode,
    std::int64_t block_documents,
    const std::function<void(const DocumentBlock& block)>& see);

}  // namespace sbert
