#pragma once

#include "sbert/loss/contrastive.h"
#include "sbert/model/sentence_model.h"
#include "sbert/train/training_data.h"

namespace sbert {

struct ValidationResult {
  double loss = 0;       ///< mean over micro batches of the contrastive loss within each, as NeMo's
  double mrr_at_10 = 0;  ///< of a question's positive among the documents of all validation rows
};

/// Embeds the validation rows without dropout, on all cores, and scores them. Rows beyond
/// limit_val_batches micro batches are left out.
/// @throws Error(kCancelled) when a stop is asked for
ValidationResult validate(const SentenceModel& model,
                          const TrainingData& data,
                          const TrainOptions& options);

}  // namespace sbert
