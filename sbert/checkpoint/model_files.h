#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "sbert/base/enum_names.h"
#include "sbert/base/files.h"
#include "sbert/base/worker_pool.h"
#include "sbert/checkpoint/families/nemo.h"
#include "sbert/checkpoint/precision.h"
#include "sbert/model/text_model.h"

namespace sbert {

enum class ModelFormat { kHuggingFace, kSentenceTransformers, kNemo };
constexpr auto enum_names(ModelFormat) {
  return std::to_array<EnumName<ModelFormat>>(
      {{"nemo", ModelFormat::kNemo},
       {"sentence-transformers", ModelFormat::kSentenceTransformers},
       {"hf", ModelFormat::kHuggingFace}});
}

/// The form of a model on disk, told by its content: a folder with modules.json, a folder with
/// config.json, or a .nemo archive, packed or unpacked. A file of such a folder stands for it, as
/// model_path() says.
/// @throws Error(kIo) if nothing is there, Error(kInput) if it is none of these
ModelFormat detect_model_format(const std::filesystem::path& path);

/// Reads a model in any form, from a path as of detect_model_format(). Its weights are views of the
/// mapped files.
/// @param pool             looks through the weights
/// @param tokenizer_folder with the tokenizer files, for a .nemo of NeMo's, which holds none;
/// empty:
///                         the model's own
/// @throws Error(kInput) naming the file and the key or tensor that is wrong, also if the tokenizer
///         has ids that the encoder does not
TextModel load_model(const std::filesystem::path& path,
                     const WorkerPool& pool,
                     const std::filesystem::path& tokenizer_folder = {});

/// The same on every core.
TextModel load_model(const std::filesystem::path& path);

struct SaveOptions {
  ModelFormat format = ModelFormat::kSentenceTransformers;
  Precision precision = Precision::k32;  ///< of the weights in the file
  NemoForm nemo_form = NemoForm::kBlocks;
  /// Whether a folder is written to that holds other files than a model of this program's. These
  /// stay; of the model that stood there, the files are replaced.
  bool overwrites = false;
};

/// The model as it will be read from this form. Hugging Face's has no place for the head and the
/// card.
TextModel as_held_by(ModelFormat format, TextModel model);

/// A model that is being written: it appears whole, by commit(), or not at all, and what stood
/// there before stays until then.
class ModelOutput {
 public:
  /// @throws Error(kUsage) if a folder holds other files than a model that this program wrote, or
  ///         cannot be replaced (see AtomicFolder); Error(kIo)
  ModelOutput(const std::filesystem::path& path, const SaveOptions& options);

  /// Warns of the settings that the form cannot hold. To be called once.
  /// @throws Error(kIo); Error(kInput) as in_precision(), or if the form cannot hold the model
  void write(const TextModel& model);
  /// Where the model can be loaded from before commit().
  const std::filesystem::path& temporary() const;
  void commit();

 private:
  SaveOptions options_;
  std::optional<AtomicFolder> folder_;
  std::optional<AtomicFile> archive_;  // a .nemo
};

/// Writes a model as ModelOutput does.
void save_model(const TextModel& model,
                const std::filesystem::path& path,
                const SaveOptions& options);

/// The same in 32 bits.
void save_model(const TextModel& model, const std::filesystem::path& path, ModelFormat format);

}  // namespace sbert
