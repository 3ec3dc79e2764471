#pragma once

#include <filesystem>

#include "sbert/base/worker_pool.h"
#include "sbert/checkpoint/precision.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// Reads a folder of sentence-transformers 2 to 6: modules.json with a Transformer, a Pooling,
/// any number of Dense modules and perhaps a Normalize module. Both dialects of the module files
/// are read: pooling_mode_*_tokens flags and pooling_mode, max_seq_length with and without.
/// @param tokenizer_folder empty: the tokenizer files lie with the Transformer module
/// @throws Error(kInput) naming the file and the key, or the module that is not supported
TextModel read_sentence_transformers(const std::filesystem::path& folder,
                                     const std::filesystem::path& tokenizer_folder,
                                     const WorkerPool& pool);

/// Writes the dialect of sentence-transformers up to 5.3 into a folder that exists: later versions
/// read it too, and so do text-embeddings-inference, vLLM and others that do not know the new one.
/// @throws Error(kIo), Error(kInput) as in_precision()
void write_sentence_transformers(const TextModel& model,
                                 const std::filesystem::path& folder,
                                 Precision precision);

}  // namespace sbert
