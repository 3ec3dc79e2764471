#include "sbert/checkpoint/model_files.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/nemo_archive.h"
#include "sbert/checkpoint/sentence_transformers.h"
#include "sbert/checkpoint/weight_files.h"
#include "sbert/model/model_path.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// A folder may have weights in two forms, of which one is read.
void check_that_weights_are_read(const fs::path& given, const fs::path& folder) {
  const bool is_weights =
      given.filename().native().starts_with("pytorch_model") || given.extension() == ".safetensors";
  if (given == folder || !is_weights) return;
  const fs::path read = find_folder_weights(folder).filename();
  if (given.filename() == read) return;
  fail(ErrorKind::kUsage, concat(given, ": the weights of its folder are read from ", read,
                                 "; name the folder, or take that file away"));
}

}  // namespace

ModelFormat detect_model_format(const fs::path& given) {
  const fs::path path = model_path(given);
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

TextModel load_model(const fs::path& given,
                     const WorkerPool& pool,
                     const fs::path& tokenizer_folder) {
  const fs::path path = model_path(given);
  check_that_weights_are_read(given, path);
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

}  // namespace sbert
