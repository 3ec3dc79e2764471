#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/checkpoint/model_folder.h"
#include "sbert/checkpoint/nemo_archive.h"
#include "sbert/checkpoint/sentence_transformers.h"

namespace sbert {
namespace {

// A folder of Hugging Face's form has no place for these, and is read with their defaults.
void warn_of_lost_settings(const TextModel& model) {
  std::string lost;
  const auto add = [&](std::string_view setting) {
    lost += concat(lost.empty() ? "" : ", ", setting);
  };
  const EmbeddingHead& head = model.head;
  const ModelCard& card = model.card;
  if (head.pooling != Pooling::kMean) add(concat("pooling (", pooling_name(head.pooling), ")"));
  if (!head.normalizes) add("that embeddings are not normalized");
  for (const auto& [name, text] : card.prompts)
    add(concat("prompt ", name));
  if (card.similarity != Similarity::kCosine) {
    add(concat("similarity (", similarity_name(card.similarity), ")"));
  }
  if (card.max_length != default_max_length(model.tokenizer, model.encoder)) {
    add(concat("max_seq_length (", card.max_length, ")"));
  }
  if (lost.empty()) return;
  log_warning(
      concat("a Hugging Face folder has no place for some settings; write the "
             "sentence-transformers form to keep them: ",
             lost));
}

}  // namespace

TextModel as_held_by(ModelFormat format, TextModel model) {
  if (format != ModelFormat::kHuggingFace) return model;
  model.head = {};
  model.card = {};
  model.card.max_length = default_max_length(model.tokenizer, model.encoder);
  return model;
}

ModelOutput::ModelOutput(const std::filesystem::path& path, const SaveOptions& options)
    : options_(options) {
  if (options_.format == ModelFormat::kNemo) {
    archive_.emplace(path);
    return;
  }
  if (!options_.overwrites) refuse_other_files(path);
  folder_.emplace(path,
                  [path](const std::filesystem::path& name) { return is_model_file(path, name); });
}

const std::filesystem::path& ModelOutput::temporary() const {
  return folder_ ? folder_->temporary() : archive_->temporary();
}

void ModelOutput::write(const TextModel& model) {
  switch (options_.format) {
    case ModelFormat::kNemo:
      return write_nemo(model, *archive_, options_.nemo_form, options_.precision);
    case ModelFormat::kHuggingFace:
      if (!model.head.dense.empty()) {
        fail(ErrorKind::kInput,
             "a Hugging Face folder cannot hold Dense layers; write the sentence-transformers "
             "form");
      }
      warn_of_lost_settings(model);
      return write_hugging_face(model, temporary(), options_.precision);
    case ModelFormat::kSentenceTransformers:
      return write_sentence_transformers(model, temporary(), options_.precision);
  }
}

void ModelOutput::commit() {
  if (folder_) return folder_->commit();
  archive_->commit();
}

void save_model(const TextModel& model,
                const std::filesystem::path& path,
                const SaveOptions& options) {
  ModelOutput output(path, options);
  output.write(model);
  output.commit();
}

void save_model(const TextModel& model, const std::filesystem::path& path, ModelFormat format) {
  save_model(model, path, SaveOptions{.format = format});
}

}  // namespace sbert
