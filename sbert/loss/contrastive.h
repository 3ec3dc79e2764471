#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/tensor_fwd.h"

namespace sbert {

struct ContrastiveOptions {
  double temperature = 0.05;   ///< scores are divided by it
  double label_smoothing = 0;  ///< share of the target given to all documents alike
};

/// NeMo's contrastive loss (its MegatronSBertModel): each question's scores are its dot products
/// with the positives of all B questions, the other questions' serving as in-batch negatives, and
/// with its own hard negatives; cross entropy with the own positive as target, mean over B. A
/// question with fewer hard negatives than another simply has fewer documents to tell apart.
///
/// @param questions       [B, D] float32 or float64
/// @param positives       [B, D]
/// @param negatives       [N, D] the hard negatives of question 0, then of question 1, ...
/// @param negative_counts [B]    how many each question has; they add up to N
/// @return                []     with a gradient with respect to all three
Tensor contrastive_loss(const Tensor& questions,
                        const Tensor& positives,
                        const Tensor& negatives,
                        const std::vector<std::int64_t>& negative_counts,
                        const ContrastiveOptions& options);

}  // namespace sbert
