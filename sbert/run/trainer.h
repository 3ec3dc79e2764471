#pragma once

#include <cstdint>
#include <filesystem>

#include "sbert/base/worker_pool.h"
#include "sbert/dist/process_group.h"
#include "sbert/model/text_model.h"
#include "sbert/run/run_end.h"
#include "sbert/run/train_options.h"

namespace sbert {

struct TrainResult {
  RunEnd end = RunEnd::kFinished;
  std::int64_t steps = 0;  ///< optimizer updates done in all
  TextModel model;         ///< the trained one: with the moving average of the weights, if any
};

/// Fine-tunes a model, as `options` says, in `folder`: checkpoints/, metrics.jsonl and what the
/// trackers write; at the end of a finished run also the trained models. The prefixes of the data
/// become the model's prompts "query" and "passage", which is also "document". Resumes from the
/// last checkpoint there, if it may; the parameters then come out with the same bits as if the run
/// had never stopped (same machine and threads).
///
/// Processes of a group train together, each with the same options and model: the leader writes all
/// files, and reads the state to resume from; the result is that of one process.
///
/// @param start   the model to begin with; its tokenizer, head and card are those of the result.
///                Handed over, its weights are released as soon as they are copied
/// @param context its stop token ends the run, where all processes can leave, with its state saved
/// @throws Error(kUsage) if options and data, or options and checkpoint, do not fit together
TrainResult train_model(const TrainOptions& options,
                        const std::filesystem::path& folder,
                        TextModel start,
                        const c10::Device& device,
                        const ComputeContext& context,
                        ProcessGroup& group = alone());

}  // namespace sbert
