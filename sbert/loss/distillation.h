#pragma once

#include <memory>

#include "sbert/loss/loss.h"

namespace sbert {

// Losses that make the model score documents as a teacher does (the data's `pos_scores` and
// `neg_scores`). The model's score is the dot product of the embeddings as they are.

/// MarginMSE (Hofstätter et al., 2020), as sentence-transformers' MarginMSELoss: the mean over all
/// N hard negatives of ((q·p - q·n) - (teacher's of p - teacher's of n))^2.
std::unique_ptr<Loss> make_margin_mse_loss();

/// As sentence-transformers' DistillKLDivLoss: for each question the Kullback-Leibler divergence of
/// the model's softmax over [positive, own hard negatives] from the teacher's, mean over the B
/// questions, times the square of `temperature`. A question without hard negatives counts as 0.
/// @param temperature         the model's scores are divided by it
/// @param teacher_temperature the teacher's are
std::unique_ptr<Loss> make_distill_kl_loss(double temperature, double teacher_temperature);

}  // namespace sbert
