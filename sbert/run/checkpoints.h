#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "sbert/dist/process_group.h"
#include "sbert/run/checkpoint_folder.h"
#include "sbert/run/exp_manager_options.h"
#include "sbert/run/model_writer.h"
#include "sbert/run/training_state.h"
#include "sbert/train/learner.h"

namespace sbert {

/// The states that a run saves and resumes from, and the models that it leaves, in the folder of
/// the run. To be called in all processes of a group: the leader reads and writes the files, the
/// others take over what it found.
class Checkpoints {
 public:
  /// Makes checkpoints/ if need be, and finishes what a killed run had begun there.
  /// @param options, learner, group outlive this
  Checkpoints(const ExpManagerOptions& options,
              std::filesystem::path folder,
              Learner& learner,
              ProcessGroup& group);

  /// Gives the learner the newest state, if there is one and exp_manager lets the run resume.
  /// @param position of which fingerprint and settings must be the state's; becomes the state's
  /// @return whether there was one
  /// @throws Error(kUsage) listing what differs if the state is of other data or settings, or if
  ///         there must be one and is none
  bool resume(RunPosition& position);
  /// Whether there is a state that was saved without a validation's score.
  bool last_lacks_score() const;

  /// Whether the newest state is of this position. A run's first state needs no saving.
  bool is_saved(const RunPosition& position) const { return saved_step_ == position.step; }
  /// Saves the learner's state, and the .nemo where that is wanted at every checkpoint.
  /// @param score of the monitored metric
  void save(const RunPosition& position, std::optional<double> score);

  /// Writes the models of a finished run.
  void write_models();

 private:
  RunPosition load(const std::filesystem::path& path,
                   const NamedTensors& state,
                   const RunPosition& now) const;

  const ExpManagerOptions& options_;
  std::filesystem::path folder_;
  Learner& learner_;
  ProcessGroup& group_;
  std::optional<CheckpointFolder> files_;  // of the leader
  ModelWriter models_;
  std::int64_t saved_step_ = 0;  // of the newest state
};

}  // namespace sbert
