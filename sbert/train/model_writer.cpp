#include "sbert/train/model_writer.h"

#include <optional>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/train/training_state.h"

namespace sbert {
namespace {

// Lets the model have its adapters merged into copies of the weights for as long as it lives.
class WithMergedAdapters {
 public:
  explicit WithMergedAdapters(SentenceModel& model)
      : model_(model), original_(std::move(model.encoder)) {
    model.encoder = original_.shared();
    if (!model.encoder.lora_parameters().empty()) model.encoder.merge_lora();
  }
  ~WithMergedAdapters() { model_.encoder = std::move(original_); }
  WithMergedAdapters(const WithMergedAdapters&) = delete;
  WithMergedAdapters& operator=(const WithMergedAdapters&) = delete;

 private:
  SentenceModel& model_;
  BertEncoder original_;
};

void write_model(SentenceModel& model,
                 Learner& learner,
                 const std::filesystem::path& path,
                 ModelFormat format) {
  std::optional<WithAverages> averages;
  if (learner.averages()) averages.emplace(*learner.averages());
  const WithMergedAdapters merged(model);
  save_model(model, path, format);
  log_info(concat("wrote ", path));
}

}  // namespace

ModelWriter::ModelWriter(const ExpManagerOptions& options,
                         std::filesystem::path folder,
                         SentenceModel& model,
                         Learner& learner)
    : options_(options), folder_(std::move(folder)), model_(model), learner_(learner) {}

void ModelWriter::write_nemo() {
  write_model(model_, learner_, folder_ / "checkpoints" / concat(options_.name, ".nemo"),
              ModelFormat::kNemo);
}

void ModelWriter::write_folder(const char* name) {
  if (!options_.checkpoint_callback_params.save_sentence_transformers_on_train_end) return;
  write_model(model_, learner_, folder_ / name, ModelFormat::kSentenceTransformers);
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

void ModelWriter::leave_last() {
  if (learner_.averages()) learner_.averages()->swap();
  if (!model_.encoder.lora_parameters().empty()) model_.encoder.merge_lora();
}

}  // namespace sbert
