#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>

#include "sbert/nn/named_tensor.h"

namespace sbert {

class ProcessGroup;

/// Where a run is. The order of the data, the learning rate and every random number are functions
/// of it, so that with the tensors that training changes it is all that a resumed run needs.
struct RunPosition {
  std::int64_t step = 0;              ///< optimizer updates done
  std::int64_t consumed_samples = 0;  ///< training rows used
  std::string data_fingerprint;       ///< of the training files and their split
  /// Settings that must stay as they are, by key; empty in states of earlier versions.
  std::map<std::string, std::string> settings;
  /// Of early stopping: the best value of its metric (NaN: none yet), and validations since.
  double best_score = std::numeric_limits<double>::quiet_NaN();
  std::int64_t validations_since_best = 0;
};

/// Writes the tensors and the position to one file: safetensors, with the position as metadata
/// (format "sbert-training-state", version 2). Whole or not at all.
/// @param tensors named model.*, loss.*, optimizer.*, ...
/// @throws Error(kIo)
void save_training_state(const std::filesystem::path& path,
                         const NamedTensors& tensors,
                         const RunPosition& position);

/// Reads the position alone.
/// @throws Error(kInput) if it is no training state
RunPosition read_position(const std::filesystem::path& path);

/// Reads such a file into the tensors, in place. What it holds beside them is left.
/// @throws Error(kInput) if it is no training state, or lacks one of the tensors or has it in
///         another shape; then nothing is changed
RunPosition load_training_state(const std::filesystem::path& path, const NamedTensors& tensors);

/// Gives the leader's position, but for fingerprint and settings, to all processes of a group.
void share_position(ProcessGroup& group, RunPosition& position);

}  // namespace sbert
