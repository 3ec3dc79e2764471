#pragma once

// Embeddings on disk by the hash of their text: a folder of shards, 0.shard, 1.shard, ...
//
// A shard is a header of 16 bytes ("SBERTEMB", version 1 and the number of columns as uint32) and
// records of one size: the key (16 bytes), the vector (4 bytes a column), and the XXH3 checksum of
// both (8 bytes); all numbers are little-endian. Shards are only appended to. A record that a
// killed process left in part, or that was damaged, is passed over. A process that writes locks its
// shard, so that several each have their own; readers need no lock. Files may be deleted at any
// time, also while they are used.

#include <cstdint>
#include <filesystem>
#include <span>
#include <unordered_map>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/stop_token.h"
#include "sbert/embed/content_hash.h"

namespace sbert {

class EmbeddingShards {
 public:
  /// Reads the keys of what is there. The folder is made by the first append().
  /// @throws Error(kIo) if a shard cannot be read; Error(kCancelled) once a stop is requested
  EmbeddingShards(std::filesystem::path folder, std::int64_t columns, const StopToken& stop = {});
  ~EmbeddingShards();
  EmbeddingShards(const EmbeddingShards&) = delete;
  EmbeddingShards& operator=(const EmbeddingShards&) = delete;

  /// Sees what was added since, by this process or another.
  /// @throws as the constructor
  void refresh(const StopToken& stop = {});

  /// Copies the vector of the key to `row` [columns]. False if it is not there.
  bool find(const ContentHash& key, std::span<float> row) const;

  /// Gives the records to the operating system: they outlive the process from then on.
  /// @param rows [keys, columns]
  /// @throws Error(kIo), as on a full disk; the shard then ends as it did before
  void append(std::span<const ContentHash> keys, const FloatMatrix& rows);

  std::size_t size() const { return places_.size(); }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Shard {
    std::filesystem::path path;
    int descriptor = -1;
    std::uint64_t num_scanned_bytes = 0;
  };
  struct Place {
    std::size_t shard = 0;
    std::uint64_t offset = 0;
  };

  void open_new_shards();
  void scan(std::size_t shard, const StopToken& stop);
  void open_writer();
  bool prepare_for_appending(int descriptor, const std::filesystem::path& path) const;
  std::size_t record_bytes() const;

  std::filesystem::path folder_;
  std::int64_t columns_;
  std::vector<Shard> shards_;
  std::unordered_map<ContentHash, Place, HashOfContentHash> places_;
  int writer_ = -1;  // locked
  std::filesystem::path writer_path_;
};

}  // namespace sbert
