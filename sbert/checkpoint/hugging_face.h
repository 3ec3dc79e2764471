#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sbert/checkpoint/precision.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

/// The architecture that a config.json of Hugging Face describes.
/// @throws Error(kInput) naming the keys that are missing, wrong, or ask for what is not BERT
EncoderConfig parse_hugging_face_config(std::string_view json);

/// A config.json that parse_hugging_face_config() and Hugging Face read back.
std::string format_hugging_face_config(const EncoderConfig& config,
                                       std::int64_t pad_id,
                                       Precision precision);

/// Hugging Face's name of an activation: "gelu", "gelu_new" or "relu".
std::string_view activation_name(Activation activation);
/// @throws Error(kInput) for any name but these and "gelu_pytorch_tanh"
Activation activation_from_name(std::string_view name);

/// Reads a folder with config.json, weights (see read_folder_weights()) and tokenizer files.
/// What such a folder does not say is taken as mean pooling, normalized, without prompts; texts are
/// cut to the tokenizer's or the encoder's length, the shorter.
/// @param tokenizer_folder where the tokenizer files lie; often the same
/// @throws Error(kInput)
SentenceModel read_hugging_face(const std::filesystem::path& folder,
                                const std::filesystem::path& tokenizer_folder);

/// Writes config.json, model.safetensors and the tokenizer files, byte for byte, into a folder that
/// exists.
/// @throws Error(kIo), Error(kInput) as in_precision()
void write_hugging_face(const SentenceModel& model,
                        const std::filesystem::path& folder,
                        Precision precision);

/// The tokenizer of a folder.
/// @throws Error(kInput) also if it has ids that the encoder does not
Tokenizer read_tokenizer(const std::filesystem::path& folder, const EncoderConfig& config);

/// @throws Error(kInput) if the tokenizer has ids that the encoder does not
void check_vocabulary(const Tokenizer& tokenizer, const EncoderConfig& config);

/// Tokens a text is cut to where the model says nothing: the tokenizer's or the encoder's length,
/// the shorter.
std::int64_t default_max_seq_length(const Tokenizer& tokenizer, const EncoderConfig& config);

}  // namespace sbert
