#pragma once

#include <filesystem>

#include "sbert/model/sentence_model.h"
#include "sbert/train/train_options.h"

namespace sbert {

/// Fine-tunes `model` in place, as `options` says, in the folder log_folder(options.exp_manager):
/// checkpoints/ and metrics.jsonl. The prefixes of the data become the model's prompts "query" and
/// "passage". Goes on from the last checkpoint there, if it may; the parameters
/// then come out with the same bits as if the run had never stopped (same machine and threads).
///
/// @return optimizer updates done in all
/// @throws Error(kCancelled) when a stop is asked for: the state is saved first
/// @throws Error(kUsage) if options and data, or options and checkpoint, do not fit together
std::int64_t train_model(const TrainOptions& options, SentenceModel& model);

/// Where the model of a finished run is written: checkpoints/NAME.nemo.
std::filesystem::path trained_model_path(const ExpManagerOptions& options);

}  // namespace sbert
