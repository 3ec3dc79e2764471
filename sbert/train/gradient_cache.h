#pragma once

#include <cstdint>
#include <vector>

#include "sbert/loss/contrastive.h"
#include "sbert/model/sentence_model.h"
#include "sbert/train/training_batch.h"

namespace sbert {

/// Adds the gradient of the contrastive loss over a global batch to the parameters' .grad(), and
/// returns the loss. The negatives are those of the whole batch however it is cut into micro batches
/// (Gao et al., 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"):
/// embed all without a graph, take the loss's gradient on the embeddings, then embed each micro
/// batch again and push its part back. One micro batch alone needs no second pass.
///
/// @param step_key dropout of this step; each micro batch derives its own key from its place
double contrastive_gradient(const SentenceModel& model,
                            const std::vector<MicroBatch>& micro_batches,
                            const ContrastiveOptions& options,
                            DropoutKey step_key);

}  // namespace sbert
