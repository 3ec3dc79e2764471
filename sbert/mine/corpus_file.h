#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/stop_token.h"
#include "sbert/data/text_object.h"
#include "sbert/mine/documents.h"

namespace sbert {

/// Whether every document of a corpus must have an id, as BEIR's must.
enum class DocumentIds { kOptional, kRequired };

/// A corpus that stays in its file; eight bytes of memory a document, and the pages that were read
/// are given back. It has any InputFormat, told by its name and its content: a document a line
/// without ids, or records with "text", and if they have them "_id" or "id", and "title", which is
/// put before the text with a space (TextObject). Blank lines are skipped.
class CorpusFile : public Documents {
 public:
  /// Reads the file once and checks each record.
  /// @param format absent: find_format()
  /// @throws Error(kIo) if it cannot be read, Error(kInput) "file: line 17: text is missing", or if
  ///         it holds no document; Error(kCancelled)
  explicit CorpusFile(const std::filesystem::path& path,
                      DocumentIds ids = DocumentIds::kOptional,
                      const StopToken& stop = {},
                      std::optional<InputFormat> format = std::nullopt);

  std::int64_t size() const override { return static_cast<std::int64_t>(offsets_.size()); }
  std::string text(std::int64_t row) const override { return record(row).text; }
  std::string id(std::int64_t row) const override { return record(row).id; }
  /// Of the file, from 1. Counts the lines before it.
  std::int64_t line(std::int64_t row) const;

 private:
  struct Record {
    std::string id;
    std::string text;
  };
  Record record(std::int64_t row) const;
  void note_read(std::size_t bytes) const;

  TextFile file_;
  std::vector<std::uint64_t> offsets_;
  mutable std::atomic<std::uint64_t> bytes_since_drop_ = 0;
};

}  // namespace sbert
