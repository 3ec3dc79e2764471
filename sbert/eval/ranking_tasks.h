#pragma once

#include "sbert/data/evaluation_records.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/paraphrase_mining.h"

namespace sbert {

/// Sorts the documents of each sample by the source's similarity to its query: "map", "mrr@10",
/// "ndcg@10", the means over the samples; among equal scores as average_precision_of_scores(),
/// reciprocal_rank_of_scores() and ndcg_of_scores() say.
/// @throws Error(kInput) if there is no sample
Evaluation evaluate_reranking(const RoleEmbedder& source, const RerankingSamples& data);

/// Mines the texts for pairs that say the same: "average_precision", "f1", "precision", "recall",
/// "threshold".
///
/// @throws Error(kInput) if there is no wanted pair, Error(kUsage) if the source's similarity is
///         neither cosine nor dot
Evaluation evaluate_paraphrase_mining(const RoleEmbedder& source,
                                      const ParaphraseData& data,
                                      const ParaphraseOptions& options);

}  // namespace sbert
