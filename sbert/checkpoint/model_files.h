#pragma once

#include <array>
#include <filesystem>

#include "sbert/base/enum_names.h"
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
/// config.json, or a .nemo archive, packed or unpacked.
/// @throws Error(kIo) if nothing is there, Error(kInput) if it is none of these
ModelFormat detect_model_format(const std::filesystem::path& path);

/// Reads a model in any form. Its weights are views of the mapped files.
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
};

/// Writes a model whole or not at all; what stood there before stays until then. Warns of the
/// settings that the form cannot hold.
/// @throws Error(kIo); Error(kInput) as in_precision(), or if the form cannot hold the model
void save_model(const TextModel& model,
                const std::filesystem::path& path,
                const SaveOptions& options);

/// The same in 32 bits.
void save_model(const TextModel& model, const std::filesystem::path& path, ModelFormat format);

}  // namespace sbert
