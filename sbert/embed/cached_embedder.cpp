#include "sbert/embed/cached_embedder.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/embedding_shards.h"
#include "sbert/embed/model_fingerprint.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// A piece is what a kill costs at most: some ten seconds of a small model's work.
constexpr std::size_t kPieceBytesPerThread = 128U << 10;
constexpr std::size_t kTextsBetweenStops = 4'096;
// Of the keys of folders: another meaning of the key has another number.
constexpr std::string_view kKeyVersion = "sbert embeddings 2";

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

ModelIdentity identity_of_model(const fs::path& model,
                                std::string_view precision,
                                const fs::path& memory_folder,
                                const StopToken& stop) {
  const ContentHash files = model_fingerprint(model, memory_folder, stop);
  return {
      content_hash(concat(files.hex(), '\n', precision)),
      concat("model: ", model, "\nmodel hash: ", files.hex(), "\nprecision: ", precision, '\n')};
}

// The files of a cache, used by several threads at once.
struct CachedEmbedder::Cache {
  Cache(ModelIdentity identity, fs::path cache_folder)
      : model(std::move(identity)), folder(std::move(cache_folder)) {}

  // Copies the rows that are there, each to all its places, and gives the texts that are not.
  std::vector<Missing> take_known(std::span<const std::string> texts,
                                  EmbeddingShards& shards,
                                  const StopToken& stop,
                                  FloatMatrix& result) {
    const std::scoped_lock lock(mutex);
    std::vector<Missing> missing;
    std::unordered_map<ContentHash, std::size_t, HashOfContentHash> place;  // in `missing`
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i % kTextsBetweenStops == 0) stop.throw_if_stopped();
      const auto row = static_cast<std::int64_t>(i);
      const ContentHash key = content_hash(texts[i]);
      const auto [at, is_new] = place.try_emplace(key, missing.size());
      if (!is_new) {
        missing[at->second].rows.push_back(row);
      } else if (shards.find(key, result.row(row))) {
        place.erase(at);
      } else {
        missing.push_back({key, {row}});
      }
    }
    return missing;
  }

  // Those of a prompt and a length, as they are now.
  EmbeddingShards& shards(const std::string& prompt,
                          std::int64_t max_length,
                          std::int64_t columns,
                          const StopToken& stop) {
    const std::string key =
        concat(kKeyVersion, '\n', model.hash.hex(), '\n', max_length, '\n', prompt);
    const std::scoped_lock lock(mutex);
    std::unique_ptr<EmbeddingShards>& open = open_shards[key];
    if (open) {
      open->refresh(stop);
    } else {
      open = std::make_unique<EmbeddingShards>(folder / content_hash(key).hex(), columns, stop);
    }
    return *open;
  }

  void keep(EmbeddingShards& shards,
            const std::vector<ContentHash>& keys,
            const FloatMatrix& rows,
            const std::string& description) {
    const std::scoped_lock lock(mutex);
    if (!is_writable) return;
    try {
      shards.append(keys, rows);
      const fs::path about = shards.folder() / "about.txt";
      if (!fs::exists(about)) write_file_atomically(about, description);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kIo) throw;
      is_writable = false;
      log_warning(
          concat("the embedding cache cannot be written; continuing without it: ", error.what()));
    }
  }

  const ModelIdentity model;
  const fs::path folder;
  std::mutex mutex;  // of all below
  std::unordered_map<std::string, std::unique_ptr<EmbeddingShards>> open_shards;
  bool is_writable = true;
};

CachedEmbedder::CachedEmbedder(const TextEmbedder& inner,
                               ModelIdentity model,
                               fs::path cache_folder)
    : inner_(inner), cache_(std::make_unique<Cache>(std::move(model), std::move(cache_folder))) {}

CachedEmbedder::CachedEmbedder(const TextEmbedder& inner,
                               const fs::path& model,
                               std::string_view precision,
                               const fs::path& cache_folder,
                               const StopToken& stop)
    : CachedEmbedder(
          inner, identity_of_model(model, precision, cache_folder / "models", stop), cache_folder) {
}

CachedEmbedder::~CachedEmbedder() = default;

FloatMatrix CachedEmbedder::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  const std::int64_t max_length = call.max_length > 0 ? call.max_length : card().max_length;
  EmbeddingShards& shards = cache_->shards(call.prompt, max_length, width(), call.stop);
  FloatMatrix result(std::ssize(texts), width());
  const std::vector<Missing> missing = cache_->take_known(texts, shards, call.stop, result);
  const auto report = [&](std::int64_t rows) {
    if (rows > 0 && call.on_progress) call.on_progress(rows);
  };
  std::int64_t unknown_rows = 0;
  for (const Missing& each : missing)
    unknown_rows += std::ssize(each.rows);
  report(result.rows - unknown_rows);

  const std::string description = concat(cache_->model.description, "max_length: ", max_length,
                                         "\nprompt: ", call.prompt, '\n');
  const auto workers = static_cast<std::size_t>(available_threads() * num_processes());
  for (std::size_t begin = 0; begin < missing.size();) {
    std::vector<std::string> piece;
    std::vector<ContentHash> keys;
    std::int64_t repeated = 0;  // rows of a text beside its first
    for (std::size_t bytes = 0;
         begin + piece.size() < missing.size() && bytes < kPieceBytesPerThread * workers;) {
      const Missing& next = missing[begin + piece.size()];
      piece.push_back(texts[static_cast<std::size_t>(next.rows.front())]);
      keys.push_back(next.key);
      repeated += std::ssize(next.rows) - 1;
      bytes += piece.back().size() + 1;
    }
    const FloatMatrix rows = inner_.embed(piece, call);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const auto vector = rows.row(static_cast<std::int64_t>(i));
      for (const std::int64_t row : missing[begin + i].rows)
        std::copy(vector.begin(), vector.end(), result.row(row).begin());
    }
    cache_->keep(shards, keys, rows, description);
    report(repeated);
    begin += piece.size();
  }
  return result;
}

}  // namespace sbert
