#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/files.h"

namespace sbert {

/// One record of training data, as it stands in the file: no prefixes, nothing stripped.
struct Example {
  std::string question;
  std::vector<std::string> pos_doc;  ///< at least one
  std::vector<std::string> neg_doc;  ///< hard negatives, may be empty
};

/// A file of training examples: a JSON array of objects, or JSON Lines. The file stays mapped and
/// only the place of each record is kept, 8 bytes a record. It must not change while it is open.
class ExampleFile {
 public:
  /// Reads the whole file once and checks each record: `question` or `query`, a string; `pos_doc`,
  /// a string or a list of at least one; `neg_doc`, a list of strings, a string, or absent. Other
  /// keys are ignored. Where a key stands twice the last one counts, as in Python.
  /// @throws Error(kIo) if it cannot be read; Error(kInput) "file: record 17: pos_doc: ..."
  static ExampleFile open(const std::filesystem::path& path);

  std::int64_t size() const { return static_cast<std::int64_t>(offsets_.size()); }

  /// Length of the file.
  std::uint64_t bytes() const { return file_.bytes().size(); }

  /// Parses record `i`, from 0. Any thread may call.
  Example read(std::int64_t i) const;

 private:
  explicit ExampleFile(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  std::vector<std::uint64_t> offsets_;  // of the '{' of each record
};

}  // namespace sbert
