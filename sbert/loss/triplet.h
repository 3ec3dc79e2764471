#pragma once

#include <memory>

#include "sbert/loss/loss.h"

namespace sbert {

/// The triplet objective of Sentence-BERT (Reimers and Gurevych, 2019, section 3):
///   max(0, distance(question, positive) - distance(question, negative) + margin)
/// for each hard negative with its question and positive, mean over the N. A question without hard
/// negatives adds nothing. (sentence-transformers' TripletLoss adds 1e-6 to each coordinate's
/// difference; here the distance is exact, and its gradient at distance 0 is 0.)
std::unique_ptr<Loss> make_triplet_loss(TripletDistance distance, double margin);

}  // namespace sbert
