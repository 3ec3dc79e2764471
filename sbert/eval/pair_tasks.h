#pragma once

#include "sbert/data/evaluation_records.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/role_embedder.h"

namespace sbert {

/// Measures how well the similarity of embeddings agrees with people's scores: Pearson's and
/// Spearman's correlation for cosine, dot product, and negated Euclidean and Manhattan distance,
/// "spearman_cosine", ..., and the greatest of each, "pearson_max", "spearman_max". Similarities
/// that are all the same are a warning, and their correlations NaN.
///
/// @throws Error(kInput) if the scores of `data` are all the same
Evaluation evaluate_sts(const RoleEmbedder& source, const ScoredPairs& data);

/// Measures how well it tells pairs that belong together (score 1) from others (0): for each
/// similarity "cosine_accuracy", "cosine_accuracy_threshold", "cosine_f1", "cosine_f1_threshold",
/// "cosine_precision", "cosine_recall", "cosine_ap", "cosine_mcc", and the best of all, "max_ap".
/// The threshold of a distance is the greatest one that counts as together.
///
/// @throws Error(kInput) if all pairs have the same label
Evaluation evaluate_pair_classification(const RoleEmbedder& source, const ScoredPairs& data);

}  // namespace sbert
