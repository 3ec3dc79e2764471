#pragma once

#include "sbert/base/metrics.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/run/train_options.h"
#include "sbert/train/learner.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Embeds the validation rows and scores them, under kValidationMetrics:
///  val_loss        mean over micro batches of the loss within each, as NeMo's
///  val_accuracy@1, val_mrr@10, val_ndcg@10
///                  of a question's positive among the documents of all validation rows (a document
///                  that scores the same, such as the same text, does not push it down)
/// Rows beyond limit_val_batches micro batches are left out.
/// @param learner of the loss, and where it computes
/// @throws Error(kCancelled) when a stop is requested
Metrics validate(const TextEmbedder& embedder,
                 const Learner& learner,
                 const TrainingData& data,
                 const TrainOptions& options,
                 const ComputeContext& context);

/// Measures the embeddings at the tasks of trainer.evaluators: "NAME/METRIC" for each metric.
/// @throws Error as run_task()
Metrics run_evaluators(const TextEmbedder& embedder,
                       const TrainOptions& options,
                       const ComputeContext& context);

}  // namespace sbert
