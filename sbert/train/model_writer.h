#pragma once

#include <filesystem>

#include "sbert/model/sentence_model.h"
#include "sbert/train/checkpoint_folder.h"
#include "sbert/train/exp_manager_options.h"
#include "sbert/train/learner.h"

namespace sbert {

/// Writes the model in training as it is to be used: with the moving average of the weights, if
/// there is one, and adapters merged.
class ModelWriter {
 public:
  /// @param folder of the run
  /// @param model, learner outlive this
  ModelWriter(const ExpManagerOptions& options,
              std::filesystem::path folder,
              SentenceModel& model,
              Learner& learner);

  /// checkpoints/NAME.nemo.
  void write_nemo();

  /// What the options want of a finished run: the .nemo; best-model/ and last-model/ in the form of
  /// sentence-transformers. The model has the last state's weights then.
  void write_all(const CheckpointFolder& checkpoints);

  /// Gives the model itself the average and merged adapters, for good.
  void leave_last();

 private:
  void write_folder(const char* name);

  const ExpManagerOptions& options_;
  std::filesystem::path folder_;
  SentenceModel& model_;
  Learner& learner_;
};

}  // namespace sbert
