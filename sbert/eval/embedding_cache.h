#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sbert/eval/content_hash.h"
#include "sbert/eval/embedding_shards.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/model_embeddings.h"

namespace sbert {

/// `embeddings/` in $SBERT_CACHE; else in sbert/ of $XDG_CACHE_HOME; else in ~/.cache/sbert/.
/// @throws Error(kUsage) if none of these variables, nor $HOME, is set
std::filesystem::path default_embedding_cache_folder();

/// What stands behind a cache.
struct CachedEncoder {
  /// As ModelEmbeddings::embed(); gives all texts' rows or throws.
  std::function<FloatMatrix(const std::vector<std::string>& texts,
                            TextRole role,
                            const std::function<void(std::int64_t)>& on_progress)>
      embed;
  std::string similarity;
  std::int64_t columns = 0;
  /// By role: all that an embedding depends on beside its text.
  std::function<ContentHash(TextRole role)> identity;
  /// For people who look into the folder: "model: /models/MiniLM".
  std::string description;
};

/// The encoder of a model on disk: its identity is made of the content of its files, the prompt,
/// the length that texts are cut to, and the precision of its weights and products.
///
/// @param embeddings   outlives what is returned
/// @param precision    "32", "int8", "bf16-mixed", ...
/// @param cache_folder where hashes of model files are remembered
CachedEncoder cached_encoder(const ModelEmbeddings& embeddings,
                             const std::filesystem::path& model_path,
                             const std::string& precision,
                             const std::filesystem::path& cache_folder);

/// Embeddings that are kept on disk: a text that was embedded before, by this process or another,
/// is not encoded again, and texts that are equal are encoded once. What is encoded is kept piece
/// by piece, so a stopped or killed run goes on where it was. A cache that cannot be written is
/// warned of and does not stop the work.
///
/// Each identity has a folder of its own within the cache's. Any of them may be deleted at any
/// time; nothing is deleted by itself.
class CachedEmbeddings final : public EmbeddingSource {
 public:
  CachedEmbeddings(CachedEncoder encoder, std::filesystem::path cache_folder);

  FloatMatrix embed(const std::vector<std::string>& texts, TextRole role) override;
  std::string similarity() const override { return encoder_.similarity; }

  std::int64_t num_found() const { return num_found_; }      ///< texts so far that were there
  std::int64_t num_encoded() const { return num_encoded_; }  ///< texts so far that were not

 private:
  EmbeddingShards& shards(TextRole role);
  void describe(const std::filesystem::path& folder) const;
  void keep(EmbeddingShards& shards, std::span<const ContentHash> keys, const FloatMatrix& rows);

  CachedEncoder encoder_;
  std::filesystem::path cache_folder_;
  std::array<std::unique_ptr<EmbeddingShards>, 3> shards_;  // by role
  bool is_writable_ = true;
  std::int64_t num_found_ = 0;
  std::int64_t num_encoded_ = 0;
};

}  // namespace sbert
