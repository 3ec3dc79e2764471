#pragma once

#include <filesystem>

#include "sbert/base/files.h"
#include "sbert/base/worker_pool.h"
#include "sbert/checkpoint/families/nemo.h"
#include "sbert/checkpoint/precision.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// Reads a .nemo archive of NeMo's BERT or sentence-BERT, or of ours, packed or unpacked. Members
/// are model_config.yaml, model_weights.ckpt (one model-parallel rank, any NemoForm) or
/// model_weights/ in torch_dist form, and for ours the tokenizer's files. NeMo's own are read with
/// mean pooling, normalized, and the prompts "query: " and "passage: "; they hold no tokenizer, or
/// only a vocabulary. Their GELU is the one that NeMo computes.
/// @param tokenizer_folder empty: the archive's own tokenizer
/// @throws Error(kInput) naming the member, and the key or the tensor
TextModel read_nemo(const std::filesystem::path& path,
                    const std::filesystem::path& tokenizer_folder,
                    const WorkerPool& pool);

/// Writes an uncompressed archive that NeMo restores and that read_nemo() reads back to the same
/// model; in 32 bits, bit for bit. The same model gives the same bytes.
/// @param file empty; not committed
/// @throws Error(kIo); Error(kInput) as in_precision(), or if an archive cannot hold the model:
///         Dense layers, another encoder than BERT
void write_nemo(const TextModel& model, AtomicFile& file, NemoForm form, Precision precision);

}  // namespace sbert
