#pragma once

// The index of a file of examples, kept beside it so that the next run need not read it all.
// Numbers are little-endian (docs/formats.md):
//   0          "SBERTIDX", version uint32, 0 uint32
//   16         24 bytes a good record: its offset in the file, the positives of those before it,
//   the
//              key of its question
//   then       the bad records: number and offset uint64, length uint32, message
//   then       the keys that are not read: records that have it uint64, length uint32, name
//   last 112   the file's stamp, what is known of all its records, a checksum

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/files.h"
#include "sbert/data/example.h"

namespace sbert {

/// What tells a file from another, or from itself after a change, without reading it all.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t modified = 0;     ///< time of the last change, in the file system's ticks
  std::uint64_t sample_key = 0;  ///< hash of the head, the tail and blocks between

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const MappedFile& file);

/// A record that is not an example.
struct BadRecord {
  std::int64_t number = 0;  ///< from 1, in the file
  std::uint64_t byte = 0;   ///< where it begins
  std::string message;
};

/// A key of the records that has no meaning to us.
struct UnreadKey {
  std::string name;
  std::int64_t records = 0;  ///< that have it

  friend bool operator==(const UnreadKey&, const UnreadKey&) = default;
};

/// What holds for all records of a file.
struct FileTraits {
  RecordForm form = RecordForm::kQuestion;
  bool has_labels = false;
  bool has_positive_scores = false;
  bool has_negatives = false;        ///< at least one record
  bool has_negative_scores = false;  ///< those that have negatives
  bool has_label_as_score = false;   ///< its key is `score`, not `label`
  double min_label = 0;              ///< of the records' labels
  double max_label = 0;
  std::vector<UnreadKey> unread_keys{};  ///< the first 20
};

/// Writes an index from the first record to the last.
class RecordIndexWriter {
 public:
  using Sink = std::function<void(std::string_view bytes)>;

  explicit RecordIndexWriter(Sink sink);
  /// @param question_key text_key() of the question
  void add(std::uint64_t offset, std::uint64_t num_positives, std::uint64_t question_key);
  std::int64_t size() const { return static_cast<std::int64_t>(num_records_); }
  /// Writes the rest.
  /// @param content_key hash of the whole file
  void finish(const FileStamp& stamp,
              const FileTraits& traits,
              std::uint64_t content_key,
              const std::vector<BadRecord>& bad);

 private:
  void put(std::uint64_t number);

  Sink sink_;
  std::string buffer_;
  std::uint64_t num_records_ = 0;
  std::uint64_t num_positives_ = 0;
};

/// An index that is mapped, or in memory.
class RecordIndex {
 public:
  /// Nothing if there is no such file, or it is not the index of the file with this stamp, of
  /// another version, or damaged.
  static std::optional<RecordIndex> open(const std::filesystem::path& path, const FileStamp& stamp);
  /// @throws Error(kInternal) if these are not the bytes of an index
  static RecordIndex of_bytes(std::string bytes);

  std::int64_t size() const { return num_records_; }
  /// Of all records.
  std::int64_t num_positives() const { return num_positives_; }
  std::uint64_t offset(std::int64_t i) const { return entry(i, 0); }
  /// Positives of the records before record `i`, which may be size().
  std::int64_t positives_before(std::int64_t i) const;
  /// The record that has the positive `i` of [0, num_positives()).
  std::int64_t record_of_positive(std::int64_t i) const;
  /// text_key() of the question of record `i`.
  std::uint64_t question_key(std::int64_t i) const { return entry(i, 2); }

  const FileTraits& traits() const { return traits_; }
  std::uint64_t content_key() const { return content_key_; }
  const std::vector<BadRecord>& bad_records() const { return bad_; }

 private:
  RecordIndex() = default;
  bool read(const FileStamp* stamp);
  bool read_bad_records(std::string_view& list, std::uint64_t count);
  bool read_unread_keys(std::string_view& list, std::uint64_t count);
  std::string_view bytes() const { return mapped_ ? mapped_->bytes() : std::string_view(memory_); }
  std::uint64_t entry(std::int64_t i, std::size_t part) const;

  std::optional<MappedFile> mapped_;
  std::string memory_;
  std::int64_t num_records_ = 0;
  std::int64_t num_positives_ = 0;
  std::uint64_t content_key_ = 0;
  FileTraits traits_;
  std::vector<BadRecord> bad_;
};

}  // namespace sbert
