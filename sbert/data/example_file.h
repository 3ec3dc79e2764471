#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sbert/base/files.h"
#include "sbert/base/stop_token.h"
#include "sbert/data/example.h"
#include "sbert/data/record_index.h"
#include "sbert/data/tsv_table.h"

namespace sbert {

/// How a file of examples is opened.
struct ExampleFileOptions {
  /// Where the index is kept; without it, beside the file.
  std::optional<std::filesystem::path> index_folder{};
  /// Without an index_folder, a smaller file is read anew each time and leaves no index.
  std::uint64_t least_bytes_for_index = 1 << 20;
  bool skips_bad_records = false;
};

/// A file of training examples: a JSON array of objects, JSON Lines, or (.tsv, .tab) a table. The
/// file and the index of its records stay mapped; records are parsed when they are read, so that a
/// file may be larger than memory. It must not change while it is open.
class ExampleFile {
 public:
  /// Takes the index that an earlier call left, if the file has not changed; else reads the whole
  /// file once, checks each record, and leaves an index (in memory only, with a warning, where it
  /// cannot be written). Skipped records are counted in a warning that lists the first 20.
  /// @throws Error(kIo) if it cannot be read; Error(kInput) "file: record 17, byte 123: pos_doc:
  ///         ..." for the first bad record unless they are skipped, or if no good one is left;
  ///         Error(kCancelled) once a stop is requested
  static ExampleFile open(const std::filesystem::path& path,
                          const ExampleFileOptions& options = {},
                          const StopToken& stop = {});

  std::int64_t size() const { return index_.size(); }
  /// What every record has. A label, or scores, are given by all records or by none; so are the
  /// negatives' scores by all that have negatives.
  const FileTraits& traits() const { return index_.traits(); }
  const RecordIndex& index() const { return index_; }
  const std::filesystem::path& path() const { return file_.path(); }
  /// Length of the file.
  std::uint64_t bytes() const { return file_.bytes().size(); }

  /// "FILE: record 17, byte 123", for messages about the good record `i`.
  std::string place_of(std::int64_t i) const;
  /// Parses the good record `i`, from 0. Any thread may call.
  Example read(std::int64_t i) const;
  /// MappedFile::drop_pages() of the file.
  void drop_pages() const { file_.drop_pages(); }

 private:
  ExampleFile(MappedFile file, std::optional<TsvTable> table, RecordIndex index);

  MappedFile file_;
  std::optional<TsvTable> table_;  // of a .tsv
  RecordIndex index_;
};

/// Where the index of a file is kept.
std::filesystem::path index_path(const std::filesystem::path& file,
                                 const std::optional<std::filesystem::path>& folder);

}  // namespace sbert
