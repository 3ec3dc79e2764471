#pragma once

#include <memory>

#include "sbert/loss/loss.h"

namespace sbert {

// Losses on pairs of texts with a similarity (the data's `score`). They take questions and
// positives for the two texts; hard negatives are not looked at.

/// The regression objective of Sentence-BERT (Reimers and Gurevych, 2019, section 3): the mean over
/// pairs of (cosine - score)^2. Scores are used as they are: bring them to [-1, 1].
std::unique_ptr<Loss> make_cosine_loss();

/// CoSENT (Huang et al., 2024), as sentence-transformers' CoSENTLoss:
///   log(1 + sum of exp((cosine_i - cosine_j) / temperature) over pairs with score_i < score_j).
/// Only the order of scores counts. One value a batch, no mean: more pairs, a larger loss.
std::unique_ptr<Loss> make_cosent_loss(double temperature);

/// The angle objective of AnglE (Li and Li, 2024), as sentence-transformers' AnglELoss: CoSENT with
/// pair_angles() in place of the cosine.
std::unique_ptr<Loss> make_angle_loss(double temperature);

}  // namespace sbert
