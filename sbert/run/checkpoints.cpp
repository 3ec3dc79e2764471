#include "sbert/run/checkpoints.h"

#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/run/run_settings.h"

namespace sbert {

Checkpoints::Checkpoints(const ExpManagerOptions& options,
                         std::filesystem::path folder,
                         Learner& learner,
                         ProcessGroup& group)
    : options_(options),
      folder_(std::move(folder)),
      learner_(learner),
      group_(group),
      models_(options, folder_, learner) {
  if (group.is_leader()) {
    files_.emplace(folder_ / "checkpoints", options.name, options.checkpoint_callback_params);
  }
}

bool Checkpoints::resume(RunPosition& position) {
  if (!options_.resume_if_exists) return false;
  const auto last = files_ ? files_->last() : std::nullopt;
  if (!group_.any(last.has_value())) {
    if (options_.resume_ignore_no_checkpoint) return false;
    fail(ErrorKind::kUsage, concat(folder_ / "checkpoints", ": no checkpoint to resume from"));
  }
  const NamedTensors state = learner_.state();
  RunPosition found;
  if (last) found = load(*last, state, position);
  share_position(group_, found);
  learner_.resume(state);
  found.data_fingerprint = position.data_fingerprint;
  found.settings = position.settings;
  position = std::move(found);
  saved_step_ = position.step;
  if (last) log_info(concat("resuming from ", *last, " at step ", position.step));
  return true;
}

RunPosition Checkpoints::load(const std::filesystem::path& path,
                              const NamedTensors& state,
                              const RunPosition& now) const {
  const RunPosition then = read_position(path);
  std::string changes = then.settings.empty() ? "" : describe_changes(then.settings, now.settings);
  if (then.data_fingerprint != now.data_fingerprint) {
    changes += concat(changes.empty() ? "" : "; ", "data: was ", then.data_fingerprint, ", now ",
                      now.data_fingerprint);
  }
  if (!changes.empty()) {
    fail(
        ErrorKind::kUsage,
        concat(path,
               ": was trained on other data or with other settings; give these back, or start anew "
               "with another exp_manager.explicit_log_dir or exp_manager.resume_if_exists=False: ",
               changes));
  }
  return load_training_state(path, state);
}

bool Checkpoints::last_lacks_score() const {
  return group_.any(files_ && !files_->last_has_score());
}

void Checkpoints::save(const RunPosition& position, std::optional<double> score) {
  const NamedTensors state = learner_.state();  // in all processes
  if (files_) {
    files_->save(
        position.step, position.consumed_samples, score,
        [&](const std::filesystem::path& path) { save_training_state(path, state, position); });
    if (options_.checkpoint_callback_params.always_save_nemo) models_.write_nemo();
  }
  saved_step_ = position.step;
}

void Checkpoints::write_models() {
  if (files_) models_.write_all(*files_);
}

}  // namespace sbert
