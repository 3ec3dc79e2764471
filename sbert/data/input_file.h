#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sbert/base/files.h"

namespace sbert {

/// The end of a file's name, in small letters and without ".gz": ".jsonl".
std::string suffix_of(const std::filesystem::path& path);

/// Whether the bytes are compressed by gzip.
bool is_gzip(std::string_view bytes);

/// @throws Error(kInput) "must be UTF-8, ...; it is UTF-16" if the bytes are known as those of
/// another
///         encoding or another kind of file
void check_kind(std::string_view bytes);

/// The bytes of a file as a user names it: a path, "-" for stdin, or what a shell puts in the place
/// of <(command). A regular file is mapped. What comes from a pipe, and what gzip holds, is kept in
/// memory, from 64 MiB on in a temporary file, so that it may be larger than the memory.
class InputFile {
 public:
  /// @throws Error(kIo) if it cannot be read; Error(kInput) if the gzip data is damaged, or if the
  ///         bytes are those of another kind of file or another encoding than UTF-8: "file: is
  ///         UTF-16; ..."
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Decompressed, without the byte order mark.
  std::string_view bytes() const;
  /// As messages name it: the path, or "stdin".
  const std::string& name() const { return name_; }
  /// suffix_of() the path; empty for stdin.
  const std::string& suffix() const { return suffix_; }
  /// MappedFile::drop_pages().
  void drop_pages() const;

 private:
  class Store;

  std::string name_;
  std::string suffix_;
  std::optional<MappedFile> file_;
  std::unique_ptr<Store> store_;
};

}  // namespace sbert
