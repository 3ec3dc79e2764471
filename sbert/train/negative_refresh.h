#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "sbert/base/worker_pool.h"
#include "sbert/data/example_set.h"
#include "sbert/data/split.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/train/mined_negatives.h"
#include "sbert/train/model_options.h"
#include "sbert/train/training_pool.h"

namespace sbert {

/// What a mining is about. All of it outlives the call.
struct RefreshTask {
  const ModelOptions& options;
  const ExampleSet& examples;
  std::span<const RowNumber> records;  ///< that train
  const TrainingPool& pool;
  std::int64_t step = 0;  ///< of the refresh
};

struct RefreshOutcome {
  MinedNegatives negatives{};
  /// Mean of the questions' lowest positive's score minus each negative's; NaN without negatives.
  double mean_margin = 0;
};

/// Embeds the questions and the pool with the prefixes of training, and takes for each question the
/// documents that it puts first and that pass model.mining's filters. With max_pool the candidates
/// are drawn anew by (model.seed, step). The same on any number of threads.
///
/// Memory: the questions' embeddings, some dozens of candidates for each, and a block of the pool.
///
/// @param on_progress told how many texts are embedded, and of how many, from any thread
/// @throws Error(kCancelled) when a stop is requested
RefreshOutcome refresh_negatives(const TextEmbedder& embedder,
                                 const RefreshTask& task,
                                 const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                                 const ComputeContext& context);

}  // namespace sbert
