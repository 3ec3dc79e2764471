#pragma once

#include <cstdint>
#include <filesystem>

#include "sbert/dist/process_group.h"
#include "sbert/model/sentence_model.h"
#include "sbert/train/train_options.h"

namespace sbert {

/// How a run came to its end.
enum class RunEnd {
  kFinished,     ///< all updates are done, or early stopping ended them
  kAskedToStop,  ///< by SIGINT or SIGTERM; the state is saved
  kTimeIsUp,     ///< exp_manager.max_time_per_run; the state is saved
};

struct TrainResult {
  RunEnd end = RunEnd::kFinished;
  std::int64_t steps = 0;  ///< optimizer updates done in all
};

/// Fine-tunes `model` in place, as `options` says, in `folder`: checkpoints/, metrics.jsonl and
/// what the trackers write; at the end of a finished run also the trained models. The prefixes of
/// the data become the model's prompts "query" and "passage". Goes on from the last checkpoint
/// there, if it may; the parameters then come out with the same bits as if the run had never
/// stopped (same machine and threads).
///
/// Processes of a group train together, each with the same options and model: the leader writes all
/// files, and reads the state to go on from; the result is that of one process.
///
/// @throws Error(kUsage) if options and data, or options and checkpoint, do not fit together
TrainResult train_model(const TrainOptions& options,
                        const std::filesystem::path& folder,
                        SentenceModel& model,
                        ProcessGroup& group = alone());

}  // namespace sbert
