#pragma once

#include <cstdint>

#include "sbert/data/evaluation_records.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/k_means.h"

namespace sbert {

/// Groups texts by mini-batch k-means into as many clusters as they have labels, and measures how
/// well both agree: "v_measure", "homogeneity", "completeness", "ari", "nmi", "purity". Embeddings
/// of length 1 are grouped where the source's similarity is cosine.
///
/// @param options all but the number of clusters
/// @throws Error(kInput) if there are fewer than two labels
Evaluation evaluate_clustering(const RoleEmbedder& source,
                               const LabelledTexts& data,
                               KMeansOptions options);

struct ClassificationOptions {
  std::int64_t neighbours = 5;  ///< of each text
  double inverse_penalty = 1;   ///< of logistic regression
  int max_iterations = 1'000;   ///< of logistic regression
};

/// Learns the labels of the embeddings of `train`, and measures the predictions for `test`:
/// "accuracy" and "macro_f1" of logistic regression, "knn_accuracy" and "knn_macro_f1" of the
/// nearest neighbours. Labels that `train` lacks are a warning, and count as wrong.
///
/// @throws Error(kInput) if `train` has fewer than two labels
Evaluation evaluate_classification(const RoleEmbedder& source,
                                   const LabelledTexts& train,
                                   const LabelledTexts& test,
                                   const ClassificationOptions& options);

}  // namespace sbert
