#pragma once

#include <filesystem>

#include "sbert/run/checkpoint_folder.h"
#include "sbert/run/exp_manager_options.h"
#include "sbert/train/learner.h"

namespace sbert {

/// The model in training as it is to be used: with the moving average of the weights, if there is
/// one, for good, and adapters merged.
TextModel finished_model(Learner& learner);

/// Writes the model in training as it is to be used.
class ModelWriter {
 public:
  /// @param folder of the run
  /// @param options, learner outlive this
  ModelWriter(const ExpManagerOptions& options, std::filesystem::path folder, Learner& learner);

  /// checkpoints/NAME.nemo.
  void write_nemo();

  /// What the options want of a finished run: the .nemo; best-model/ and last-model/ in the form of
  /// sentence-transformers. The learner has the last state's weights then.
  void write_all(const CheckpointFolder& checkpoints);

 private:
  void write_folder(const char* name);

  const ExpManagerOptions& options_;
  std::filesystem::path folder_;
  Learner& learner_;
};

}  // namespace sbert
