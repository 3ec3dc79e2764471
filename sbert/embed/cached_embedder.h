#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sbert/base/stop_token.h"
#include "sbert/embed/content_hash.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

/// `embeddings/` in $SBERT_CACHE; else in sbert/ of $XDG_CACHE_HOME; else in ~/.cache/sbert/.
/// @throws Error(kUsage) if none of these variables, nor $HOME, is set
std::filesystem::path default_embedding_cache_folder();

/// All that an embedding depends on beside its text, the prompt and the length that texts are cut
/// to.
struct ModelIdentity {
  ContentHash hash;
  /// Lines for people who look into the folder: "model: /models/MiniLM\n".
  std::string description;
};

/// The identity of a model on disk: the content of its files (model_fingerprint()), and the numbers
/// that it is computed in.
/// @param precision     "32", "int8", "bf16", ...
/// @param memory_folder where hashes of model files are remembered
/// @throws Error(kIo) if the model cannot be read; Error(kCancelled)
ModelIdentity identity_of_model(const std::filesystem::path& model,
                                std::string_view precision,
                                const std::filesystem::path& memory_folder,
                                const StopToken& stop = {});

/// Embeddings that are kept on disk: a text that was embedded before, by this process or another,
/// is not encoded again, and texts that are equal are encoded once. What is encoded is kept piece
/// by piece, so that a stopped or killed run resumes where it was. A cache that cannot be written
/// is warned of and does not stop the work.
///
/// Each model, prompt and length has a folder of its own within the cache's. Any of them may be
/// deleted at any time; nothing is deleted by itself.
class CachedEmbedder final : public TextEmbedder {
 public:
  /// @param inner outlives this object
  CachedEmbedder(const TextEmbedder& inner,
                 ModelIdentity model,
                 std::filesystem::path cache_folder);
  /// With identity_of_model().
  CachedEmbedder(const TextEmbedder& inner,
                 const std::filesystem::path& model,
                 std::string_view precision,
                 const std::filesystem::path& cache_folder,
                 const StopToken& stop = {});
  ~CachedEmbedder() override;

  /// Several threads may call it at once, if they may the inner one.
  /// @throws what the inner one throws; Error(kIo) if the cache cannot be read
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return inner_.width(); }
  const ModelCard& card() const override { return inner_.card(); }
  bool normalizes() const override { return inner_.normalizes(); }
  int num_processes() const override { return inner_.num_processes(); }

 private:
  struct Cache;
  const TextEmbedder& inner_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace sbert
