#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "sbert/base/stop_token.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/mine/vector_file.h"

namespace sbert {

/// How texts are embedded into a file.
struct TextVectorOptions {
  std::string label;  ///< what progress lines say: "embedding documents"
  std::string prompt;
  std::int64_t max_length = 0;              ///< tokens a text is cut to; 0: the model's
  std::uint64_t chunk_bytes = 64ULL << 20;  ///< of texts, and of vectors, in memory at once
  std::uint64_t model_key = 0;              ///< as MiningOptions::model_key
  StopToken stop{};
};

/// Embeds texts into the file at `path`, so that the dot product of two vectors is their
/// similarity. What an earlier run of the same texts, model and options left there is kept; the
/// model is known by its key, its embeddings of some texts, similarity and width.
///
/// @param text_of from 0; called from one thread
/// @param key     of the texts
/// @throws Error(kIo), Error(kCancelled)
VectorFile embed_into_file(const std::filesystem::path& path,
                           const TextEmbedder& embedder,
                           std::int64_t num_texts,
                           const std::function<std::string(std::int64_t)>& text_of,
                           std::uint64_t key,
                           const TextVectorOptions& options);

}  // namespace sbert
