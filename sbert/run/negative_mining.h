#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sbert/base/metrics.h"
#include "sbert/base/progress.h"
#include "sbert/base/worker_pool.h"
#include "sbert/dist/process_group.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/train/mining_options.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Mines the negatives of a run when they are due, and keeps what a resumed run needs of them
/// beside its checkpoints: one file a mining, NAME--step=S.negatives. A checkpoint of step p needs
/// that of the newest refresh at or before p - 1; a refresh at p itself is done again.
class NegativeMining {
 public:
  /// @param options, data outlive this
  /// @param folder of the checkpoints
  /// @param name   of the run
  /// @param group  shares the work; the leader writes the files, which all read on resume
  NegativeMining(const TrainingMiningOptions& options,
                 TrainingData& data,
                 std::filesystem::path folder,
                 std::string name,
                 ProcessGroup& group = alone());

  /// Takes up the negatives that a checkpoint of this step needs, and removes all others.
  /// @throws Error(kIo), Error(kInput) if they are missing or another run's
  void resume(std::int64_t step);

  bool is_due(std::int64_t step) const { return options_.last_refresh(step) == step; }
  /// Mines with an embedder of the weights as they are, and puts the negatives in force.
  /// @return mining/changed (the share of negatives that the last mining did not find for their
  ///         question; 1 at the first), mining/mean_margin, mining/negatives (mean number mined for
  ///         a question)
  /// @throws Error(kCancelled) when a stop is requested; then nothing has changed
  Metrics refresh(const TextEmbedder& embedder,
                  std::int64_t step,
                  Progress& progress,
                  const ComputeContext& context);

  /// Removes what a checkpoint of this step does not need.
  void keep_for(std::int64_t step) const;

 private:
  std::filesystem::path path(std::int64_t refresh) const;

  const TrainingMiningOptions& options_;
  TrainingData& data_;
  std::filesystem::path folder_;
  std::string name_;
  ProcessGroup& group_;
};

}  // namespace sbert
