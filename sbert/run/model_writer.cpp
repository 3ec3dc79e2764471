#include "sbert/run/model_writer.h"

#include <optional>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/run/training_state.h"

namespace sbert {
namespace {

void write_model(Learner& learner, const std::filesystem::path& path, ModelFormat format) {
  std::optional<WithAverages> averages;
  if (learner.averages()) averages.emplace(*learner.averages());
  // What a user laid beside an earlier model must not cost the run its end.
  save_model(learner.model(), path, {.format = format, .overwrites = true});
  log_info(concat("wrote ", path));
}

}  // namespace

TextModel finished_model(Learner& learner) {
  if (learner.averages()) learner.averages()->swap();
  return learner.model();
}

ModelWriter::ModelWriter(const ExpManagerOptions& options,
                         std::filesystem::path folder,
                         Learner& learner)
    : options_(options), folder_(std::move(folder)), learner_(learner) {}

void ModelWriter::write_nemo() {
  write_model(learner_, folder_ / "checkpoints" / concat(options_.name, ".nemo"),
              ModelFormat::kNemo);
}

void ModelWriter::write_folder(const char* name) {
  if (!options_.checkpoint_callback_params.save_sentence_transformers_on_train_end) return;
  write_model(learner_, folder_ / name, ModelFormat::kSentenceTransformers);
}

void ModelWriter::write_all(const CheckpointFolder& checkpoints) {
  const CheckpointOptions& wanted = options_.checkpoint_callback_params;
  const auto best = checkpoints.best();
  if (best) {
    const NamedTensors weights = learner_.weights();
    load_training_state(*best, weights);
    if (wanted.save_best_model) write_nemo();
    write_folder("best-model");
    load_training_state(checkpoints.last().value(), weights);
  }
  write_folder("last-model");
  if (wanted.save_nemo_on_train_end && !(best && wanted.save_best_model)) write_nemo();
}

}  // namespace sbert
