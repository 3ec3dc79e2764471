#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/search/topk.h"

namespace sbert {

struct Bm25Options {
  double k1 = 1.2;  ///< how soon further occurrences of a word stop to count
  double b = 0.75;  ///< how much longer documents are held back, from 0 to 1
  /// Bytes for the inverted index; the documents are indexed and searched in as many parts as that
  /// takes.
  std::uint64_t index_bytes = 512ULL << 20;
};

/// The k best documents for each query by BM25, as Lucene 8 computes it:
///   sum over the query's words  ln(1 + (N - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * L /
///   A))
/// with N documents, n of them with the word, f occurrences in the document, L words in it and A on
/// average. A word that the query repeats counts each time. Words are those of word_form(), neither
/// stemmed nor stopped. Reads every document twice and keeps none.
///
/// @param text_of text of a document, from 0; called from any thread
/// @return        at most k hits for each query, best first; none without a word in common; equal
///                scores by ascending row
/// @throws Error(kUsage) if k is below 1 or a parameter is out of its range; Error(kCancelled)
std::vector<std::vector<Hit>> bm25_topk(const std::vector<std::string>& queries,
                                        std::int64_t num_documents,
                                        const std::function<std::string(std::int64_t)>& text_of,
                                        std::int64_t k,
                                        const Bm25Options& options,
                                        const ComputeContext& context);

}  // namespace sbert
