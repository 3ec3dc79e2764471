#pragma once

// Measures of a ranking, with the definitions of trec_eval 9.0.7 (`ndcg_cut`, `map_cut`, `recall`,
// `P`, `recip_rank`, `success`), so that numbers can be set beside those of BEIR and pytrec_eval.
//
// A grade of at least 1 means relevant; a document that is not judged has grade 0. `k` is at least
// 1; a ranking of fewer than k documents counts as if documents of grade 0 followed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/metrics.h"
#include "sbert/eval/evaluation.h"

namespace sbert {

/// Whose definitions count.
enum class RetrievalMode {
  kTrec,                  ///< trec_eval: graded gain; equal scores by descending id
  kSentenceTransformers,  ///< its InformationRetrievalEvaluator: a grade of at least 1 gains 1;
                          ///< MAP@k counts min(k, relevant) documents as all; equal scores by
                          ///< ascending id
};
constexpr auto enum_names(RetrievalMode) {
  return std::to_array<EnumName<RetrievalMode>>(
      {{"trec", RetrievalMode::kTrec}, {"st", RetrievalMode::kSentenceTransformers}});
}

/// What is known of one query: its ranking, best first, and its judgements.
struct JudgedRanking {
  std::vector<int> ranked;  ///< grade of each document that was retrieved, in the order of rank
  std::vector<int> judged;  ///< grades of all documents that are judged for the query, in any order
};

/// sum(gain / log2(rank + 1)) of the first k, over the same sum of the best order of all judged
/// documents (Jarvelin and Kekalainen, ACM TOIS 20, 2002). The gain is the grade, 0 if negative.
double ndcg(const JudgedRanking& query, std::int64_t k);

/// Precisions at the ranks up to k that hold a relevant document, summed, over the number of
/// relevant documents.
double average_precision(const JudgedRanking& query, std::int64_t k);

/// The same sum over the lesser of k and the number of relevant documents, as
/// sentence-transformers.
double capped_average_precision(const JudgedRanking& query, std::int64_t k);

/// The part of the relevant documents that is among the first k.
double recall(const JudgedRanking& query, std::int64_t k);

/// The part of k that is relevant documents.
double precision(const JudgedRanking& query, std::int64_t k);

/// 1 / rank of the first relevant document; 0 if its rank is above k.
double reciprocal_rank(const JudgedRanking& query, std::int64_t k);

/// 1 if a relevant document is among the first k, else 0. The mean is called accuracy@k.
double success(const JudgedRanking& query, std::int64_t k);

/// ndcg, mrr, map, recall, precision, accuracy of each query, each at every k: "ndcg@1", "ndcg@3",
/// ..., "mrr@1", ...
///
/// @param cutoffs values of k, at least 1 each, in the order wanted
/// @throws Error(kUsage) if a cutoff is below 1
std::vector<ItemMetric> retrieval_item_metrics(std::span<const JudgedRanking> queries,
                                               std::span<const std::int64_t> cutoffs,
                                               RetrievalMode mode = RetrievalMode::kTrec);

/// Means over the queries that have a relevant document, in the same order.
///
/// @throws Error(kUsage) if a cutoff is below 1, Error(kInput) if no query has a relevant document
Metrics retrieval_metrics(std::span<const JudgedRanking> queries,
                          std::span<const std::int64_t> cutoffs,
                          RetrievalMode mode = RetrievalMode::kTrec);

/// True if a document of the query has a grade of at least 1.
bool has_relevant_document(const JudgedRanking& query);

}  // namespace sbert
