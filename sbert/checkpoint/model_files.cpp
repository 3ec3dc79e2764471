#include "sbert/checkpoint/model_files.h"

#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/hugging_face.h"
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

ModelFormat detect_model_format(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  const fs::file_status status = fs::status(path);
  if (!fs::exists(status)) fail(ErrorKind::kIo, concat(path, ": no such file or folder"));
  if (fs::is_regular_file(status)) return ModelFormat::kNemo;
  if (fs::exists(path / "modules.json")) return ModelFormat::kSentenceTransformers;
  if (fs::exists(path / "config.json")) return ModelFormat::kHuggingFace;
  if (fs::exists(path / "model_config.yaml")) return ModelFormat::kNemo;
  if (fs::exists(path / "weights") && fs::exists(path / "context")) {
    fail(ErrorKind::kInput, concat(path,
                                   ": is a checkpoint of NeMo 2; export it to Hugging Face's "
                                   "form with nemo llm export first"));
  }
  fail(ErrorKind::kInput,
       concat(path,
              ": is not a model: a folder needs a modules.json, a config.json or a "
              "model_config.yaml"));
}

TextModel load_model(const std::filesystem::path& path,
                     const WorkerPool& pool,
                     const std::filesystem::path& tokenizer_folder) {
  switch (detect_model_format(path)) {
    case ModelFormat::kHuggingFace:
      return read_hugging_face(path, tokenizer_folder.empty() ? path : tokenizer_folder, pool);
    case ModelFormat::kSentenceTransformers:
      return read_sentence_transformers(path, tokenizer_folder, pool);
    case ModelFormat::kNemo:
      return read_nemo(path, tokenizer_folder, pool);
  }
  fail(ErrorKind::kInternal, "unknown model format");
}

TextModel load_model(const std::filesystem::path& path) {
  return load_model(path, WorkerPool());
}

void save_model(const TextModel& model,
                const std::filesystem::path& path,
                const SaveOptions& options) {
  if (options.format == ModelFormat::kNemo) {
    write_nemo(model, path, options.nemo_form, options.precision);
    return;
  }
  if (options.format == ModelFormat::kHuggingFace && !model.head.dense.empty()) {
    fail(ErrorKind::kInput,
         "a Hugging Face folder cannot hold Dense layers; write the sentence-transformers form");
  }
  AtomicFolder folder(path);
  if (options.format == ModelFormat::kHuggingFace) {
    warn_of_lost_settings(model);
    write_hugging_face(model, folder.temporary(), options.precision);
  } else {
    write_sentence_transformers(model, folder.temporary(), options.precision);
  }
  folder.commit();
}

void save_model(const TextModel& model, const std::filesystem::path& path, ModelFormat format) {
  save_model(model, path, SaveOptions{.format = format});
}

}  // namespace sbert
