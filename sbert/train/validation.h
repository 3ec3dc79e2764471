#pragma once

#include <string>
#include <vector>

#include "sbert/base/metrics.h"
#include "sbert/dist/process_group.h"
#include "sbert/loss/loss.h"
#include "sbert/model/sentence_model.h"
#include "sbert/train/train_options.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Embeds the validation rows without dropout, on all cores, and scores them:
///  val_loss        mean over micro batches of the loss within each, as NeMo's
///  val_accuracy@1, val_mrr@10, val_ndcg@10
///                  of a question's positive among the documents of all validation rows (a document
///                  that scores the same, such as the same text, does not push it down)
/// Rows beyond limit_val_batches micro batches are left out.
/// @param group shares the encoding
/// @throws Error(kCancelled) when a stop is asked for
Metrics validate(const SentenceModel& model,
                 const Loss& loss,
                 const TrainingData& data,
                 const TrainOptions& options,
                 ProcessGroup& group = alone());

/// Measures the model at the tasks of trainer.evaluators: "NAME/METRIC" for each metric.
/// @throws Error as run_task()
Metrics run_evaluators(const SentenceModel& model,
                       const TrainOptions& options,
                       ProcessGroup& group = alone());

/// Names of the metrics that validate() gives.
const std::vector<std::string>& validation_metric_names();

}  // namespace sbert
