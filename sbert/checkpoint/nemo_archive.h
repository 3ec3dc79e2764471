#pragma once

#include <filesystem>

#include "sbert/model/sentence_model.h"

namespace sbert {

/// Reads a .nemo archive of NeMo's BERT or sentence-BERT (1.23, one model-parallel rank), or of
/// ours. Members are model_config.yaml, model_weights.ckpt, and for ours the tokenizer's files.
/// NeMo's own are read with mean pooling, normalized, and the prompts "query: " and "passage: ";
/// they hold no tokenizer, or only a vocabulary.
/// @param tokenizer_folder empty: the archive's own tokenizer
/// @throws Error(kInput) naming the member, and the key or the tensor
SentenceModel read_nemo(const std::filesystem::path& path,
                        const std::filesystem::path& tokenizer_folder);

/// Writes an uncompressed archive, whole or not at all, that NeMo restores and that read_nemo()
/// reads back to the same model, bit for bit. The same model gives the same bytes.
/// @throws Error(kIo)
void write_nemo(const SentenceModel& model, const std::filesystem::path& path);

}  // namespace sbert
