#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sbert/model/sentence_model.h"
#include "sbert/optim/adamw.h"

namespace sbert {

/// Where a run is. The order of the data, the learning rate and every random number are functions
/// of it, so that with the parameters and the optimizer it is all that a resumed run needs.
struct RunPosition {
  std::int64_t step = 0;              ///< optimizer updates done
  std::int64_t consumed_samples = 0;  ///< training rows used
  std::string data_fingerprint;       ///< of the training file and its split
};

/// Writes parameters, optimizer and position to one file: safetensors, with tensors model.<name>,
/// optimizer.exp_avg.<name> and optimizer.exp_avg_sq.<name>, and the position as metadata
/// (format "sbert-training-state", version 1). Whole or not at all.
/// @throws Error(kIo)
void save_training_state(const std::filesystem::path& path,
                         const SentenceModel& model,
                         const AdamW& optimizer,
                         const RunPosition& position);

/// Reads such a file into the model and the optimizer.
/// @throws Error(kInput) if it is no training state or not of this model
RunPosition load_training_state(const std::filesystem::path& path,
                                const SentenceModel& model,
                                AdamW& optimizer);

}  // namespace sbert
