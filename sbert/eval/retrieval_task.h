#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/data/beir.h"
#include "sbert/embed/embedder.h"
#include "sbert/eval/retrieval_metrics.h"
#include "sbert/model/sentence_model.h"
#include "sbert/search/topk.h"

namespace sbert {

/// Which of two documents with the same score comes first.
enum class TieOrder {
  kRow,       ///< the one that stands first in the corpus
  kTrecEval,  ///< the one with the greater id, as trec_eval sorts a run
};

struct RetrievalOptions {
  EmbedOptions query_embedding{};     ///< with the prompt put before each query
  EmbedOptions document_embedding{};  ///< with the prompt put before each document
  /// Values of k of the metrics; the largest is the number of documents that are ranked.
  std::vector<std::int64_t> cutoffs{1, 3, 5, 10, 100, 1'000};
  TieOrder ties = TieOrder::kTrecEval;
};

struct RetrievalReport {
  Metrics metrics;  ///< in the order of retrieval_metrics()
  std::int64_t num_queries = 0;
  std::int64_t num_documents = 0;
  double query_seconds = 0;     ///< of embedding the queries
  double document_seconds = 0;  ///< of embedding the corpus
  double search_seconds = 0;    ///< of ranking
  /// [Q] documents of each query, best first, in the order that was measured.
  std::vector<std::vector<Hit>> rankings;
};

/// Embeds queries and documents, ranks the documents of each query by the model's similarity,
/// exactly, and measures the rankings.
///
/// @throws Error(kUsage) if the model's similarity is neither cosine nor dot or a cutoff is below
/// 1,
///         Error(kInput) if no query has a relevant document
RetrievalReport evaluate_retrieval(const SentenceModel& model,
                                   const RetrievalData& data,
                                   const RetrievalOptions& options);

/// The same for embeddings that are there already, by dot product.
///
/// @param queries   [Q, H] in the order of data.queries
/// @param documents [N, H] in the order of data.documents
RetrievalReport evaluate_retrieval(const FloatMatrix& queries,
                                   const FloatMatrix& documents,
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
