#include "sbert/checkpoint/model_files.h"

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
void warn_of_lost_settings(const SentenceModel& model) {
  const bool is_default = model.pooling == Pooling::kMean && model.normalize &&
                          model.prompts.empty() && model.similarity == "cosine";
  if (is_default) return;
  log_warning(
      "a Hugging Face folder does not hold pooling, normalization, prompts and similarity; write "
      "the "
      "sentence-transformers form to keep them");
}

}  // namespace

ModelFormat detect_model_format(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  const fs::file_status status = fs::status(path);
  if (!fs::exists(status)) fail(ErrorKind::kIo, concat(path, ": no such file or folder"));
  if (fs::is_regular_file(status)) return ModelFormat::kNemo;
  if (fs::exists(path / "modules.json")) return ModelFormat::kSentenceTransformers;
  if (fs::exists(path / "config.json")) return ModelFormat::kHuggingFace;
  if (fs::exists(path / "model_config.yaml")) {
    fail(ErrorKind::kInput, concat(path, ": is an unpacked .nemo; pack it with tar first"));
  }
  fail(ErrorKind::kInput,
       concat(path, ": is no model: a folder needs a modules.json or a config.json"));
}

SentenceModel load_model(const std::filesystem::path& path) {
  return load_model(path, {});
}

SentenceModel load_model(const std::filesystem::path& path,
                         const std::filesystem::path& tokenizer_folder) {
  switch (detect_model_format(path)) {
    case ModelFormat::kHuggingFace:
      return read_hugging_face(path, tokenizer_folder.empty() ? path : tokenizer_folder);
    case ModelFormat::kSentenceTransformers:
      return read_sentence_transformers(path, tokenizer_folder);
    case ModelFormat::kNemo:
      return read_nemo(path, tokenizer_folder);
  }
  fail(ErrorKind::kInternal, "unknown model format");
}

void save_model(const SentenceModel& model, const std::filesystem::path& path, ModelFormat format) {
  if (format == ModelFormat::kNemo) {
    write_nemo(model, path);
    return;
  }
  AtomicFolder folder(path);
  if (format == ModelFormat::kHuggingFace) {
    warn_of_lost_settings(model);
    write_hugging_face(model, folder.temporary());
  } else {
    write_sentence_transformers(model, folder.temporary());
  }
  folder.commit();
}

}  // namespace sbert
