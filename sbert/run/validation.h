#pragma once

#include <cstdint>

#include "sbert/base/metrics.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/run/train_options.h"
#include "sbert/train/learner.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Rows that a validation measures: all, or trainer.limit_val_batches global batches of them.
std::int64_t num_measured_rows(const TrainingData& data, const TrainOptions& options);

/// Embeds the validation rows and scores them, under kValidationMetrics. Neither micro batches nor
/// the number of processes change a value.
///  val_loss        mean over rows of the loss within global batches; the last one may be smaller.
///                  Batches without hard negatives are left out if the loss is of these
///  val_accuracy@1, val_mrr@10, val_ndcg@10
///                  evaluate_retrieval() in the ExamplePool of the rows
/// @param learner of the loss, and where it computes
/// @throws Error(kCancelled) when a stop is requested; Error(kUsage) if the loss is of hard
///         negatives and no row has any
Metrics validate(const TextEmbedder& embedder,
                 const Learner& learner,
                 const TrainingData& data,
                 const TrainOptions& options,
                 const ComputeContext& context);

/// Measures the embeddings at the tasks of trainer.evaluators: "NAME/METRIC" for each metric.
/// @throws Error as run_task(), with the place among the evaluators in front
Metrics run_evaluators(const TextEmbedder& embedder,
                       const TrainOptions& options,
                       const ComputeContext& context);

}  // namespace sbert
