#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sbert/base/worker_pool.h"
#include "sbert/checkpoint/precision.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// The architecture that a config.json of Hugging Face describes.
/// @throws Error(kInput) naming the keys that are missing, wrong, or ask for what is not supported
EncoderSpec parse_hugging_face_config(std::string_view json);

/// A config.json that parse_hugging_face_config() and Hugging Face read back.
std::string format_hugging_face_config(const EncoderSpec& spec,
                                       std::int64_t pad_id,
                                       Precision precision);

/// Reads a folder with config.json, weights (see read_folder_weights()) and tokenizer files.
/// What such a folder does not say is taken as mean pooling, normalized, without prompts; texts are
/// cut to the tokenizer's or the encoder's length, the shorter.
/// @param tokenizer_folder where the tokenizer files are; often the same
/// @throws Error(kInput)
TextModel read_hugging_face(const std::filesystem::path& folder,
                            const std::filesystem::path& tokenizer_folder,
                            const WorkerPool& pool);

/// Writes config.json, model.safetensors and the tokenizer files, byte for byte, into a folder that
/// exists.
/// @throws Error(kIo), Error(kInput) as in_precision()
void write_hugging_face(const TextModel& model,
                        const std::filesystem::path& folder,
                        Precision precision);

/// @throws Error(kInput) if the tokenizer has ids that the encoder does not
void check_vocabulary(const Tokenizer& tokenizer, const EncoderSpec& spec);

/// Tokens a text is cut to where the model says nothing: the tokenizer's or the encoder's length,
/// the shorter.
std::int64_t default_max_length(const Tokenizer& tokenizer, const EncoderSpec& spec);

}  // namespace sbert
