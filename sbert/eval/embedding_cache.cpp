#include "sbert/eval/embedding_cache.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/base/threads.h"
#include "sbert/eval/model_fingerprint.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// A piece is what a kill costs at most: some ten seconds of a small model's work.
constexpr std::size_t kPieceBytesPerThread = 128U << 10;

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

// A text to encode, and the rows that wait for it.
struct Missing {
  ContentHash key;
  std::vector<std::int64_t> rows;
};

}  // namespace

fs::path default_embedding_cache_folder() {
  if (const char* cache = variable("SBERT_CACHE")) return fs::path(cache) / "embeddings";
  if (const char* cache = variable("XDG_CACHE_HOME")) return fs::path(cache) / "sbert/embeddings";
  if (const char* home = variable("HOME")) return fs::path(home) / ".cache/sbert/embeddings";
  fail(ErrorKind::kUsage,
       "no folder for the embedding cache: set SBERT_CACHE, or give --cache or --no-cache");
}

CachedEncoder cached_encoder(const ModelEmbeddings& embeddings,
                             const fs::path& model_path,
                             const std::string& precision,
                             const fs::path& cache_folder) {
  const ContentHash model = model_fingerprint(model_path, cache_folder / "models");
  std::string settings = concat(model.hex(), '\n', embeddings.max_length(), '\n', precision, '\n');
  CachedEncoder encoder;
  encoder.embed = [&embeddings](const auto& texts, TextRole role, const auto& on_progress) {
    return embeddings.embed(texts, role, on_progress);
  };
  encoder.similarity = embeddings.similarity();
  encoder.columns = embeddings.columns();
  encoder.identity = [&embeddings, settings](TextRole role) {
    return content_hash(settings + embeddings.prompt(role));
  };
  encoder.description =
      concat("model: ", model_path, "\nmodel hash: ", model.hex(),
             "\nmax_length: ", embeddings.max_length(), "\nprecision: ", precision, "\n");
  return encoder;
}

CachedEmbeddings::CachedEmbeddings(CachedEncoder encoder, fs::path cache_folder)
    : encoder_(std::move(encoder)), cache_folder_(std::move(cache_folder)) {}

EmbeddingShards& CachedEmbeddings::shards(TextRole role) {
  auto& shards = shards_[static_cast<std::size_t>(role)];
  const fs::path folder = cache_folder_ / encoder_.identity(role).hex();
  if (shards) {
    shards->refresh();
  } else {
    shards = std::make_unique<EmbeddingShards>(folder, encoder_.columns);
  }
  return *shards;
}

void CachedEmbeddings::describe(const fs::path& folder) const {
  const fs::path path = folder / "about.txt";
  if (!fs::exists(path)) write_file_atomically(path, encoder_.description);
}

void CachedEmbeddings::keep(EmbeddingShards& shards,
                            std::span<const ContentHash> keys,
                            const FloatMatrix& rows) {
  if (!is_writable_) return;
  try {
    shards.append(keys, rows);
    describe(shards.folder());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kIo) throw;
    is_writable_ = false;
    log_warning(concat("the embedding cache cannot be written; going on without: ", error.what()));
  }
}

FloatMatrix CachedEmbeddings::embed(const std::vector<std::string>& texts, TextRole role) {
  EmbeddingShards& kept = shards(role);
  FloatMatrix result(static_cast<std::int64_t>(texts.size()), encoder_.columns);
  std::vector<Missing> missing;
  std::unordered_map<ContentHash, std::size_t, HashOfContentHash> place;  // in `missing`
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const ContentHash key = content_hash(texts[i]);
    const auto [at, is_new] = place.try_emplace(key, missing.size());
    if (!is_new) {
      missing[at->second].rows.push_back(row);
    } else if (kept.find(key, result.row(row))) {
      place.erase(at);
      ++num_found_;
    } else {
      missing.push_back({key, {row}});
    }
  }
  if (missing.empty()) return result;

  Progress progress("embedding", static_cast<std::int64_t>(missing.size()), "texts");
  const std::size_t piece_bytes =
      kPieceBytesPerThread * static_cast<std::size_t>(available_threads());
  for (std::size_t begin = 0; begin < missing.size();) {
    std::vector<std::string> piece;
    std::vector<ContentHash> keys;
    for (std::size_t bytes = 0; begin + piece.size() < missing.size() && bytes < piece_bytes;) {
      const Missing& next = missing[begin + piece.size()];
      piece.push_back(texts[static_cast<std::size_t>(next.rows.front())]);
      keys.push_back(next.key);
      bytes += piece.back().size() + 1;
    }
    const FloatMatrix rows =
        encoder_.embed(piece, role, [&](std::int64_t count) { progress.advance(count); });
    keep(kept, keys, rows);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      for (const std::int64_t row : missing[begin + i].rows) {
        const auto vector = rows.row(static_cast<std::int64_t>(i));
        std::copy(vector.begin(), vector.end(), result.row(row).begin());
      }
    }
    num_encoded_ += static_cast<std::int64_t>(piece.size());
    begin += piece.size();
  }
  return result;
}

}  // namespace sbert
