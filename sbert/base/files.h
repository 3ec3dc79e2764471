#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace sbert {

/// The bytes of a file, mapped for reading. Movable; the view lives as long as the object.
class MappedFile {
 public:
  /// @throws Error(kIo) if the file is missing, is no regular file, or cannot be read
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::string_view bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  /// Gives back the memory of the pages that were read; they are read anew when they are looked at
  /// again. For a walk through a file that is larger than the memory it may take. Any thread.
  void drop_pages() const;

 private:
  std::filesystem::path path_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole of a small file (a configuration, a vocabulary).
/// @throws Error(kIo) if it cannot be read, Error(kInput) if it is longer than `max_bytes`
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 64ULL << 20);

/// A file that appears whole or not at all: written to a temporary name beside it, and moved into
/// place by commit(). Without commit() the destructor removes the temporary file. Symbolic links
/// are followed, and a file that is replaced leaves its permissions to the new one. What is no
/// regular file (a device, a FIFO, /dev/stdout) is never replaced: commit() writes all bytes into
/// it.
class AtomicFile {
 public:
  /// @throws Error(kIo) if the folder does not exist or cannot be written
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// @throws Error(kIo), as on a full disk
  void write(std::string_view bytes);
  /// Writes over bytes that were written before.
  /// @throws Error(kIo)
  void write_at(std::uint64_t offset, std::string_view bytes);
  /// Flushes to the disk and renames.
  /// @throws Error(kIo)
  void commit();
  /// Where the bytes can be read before commit().
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  int target_ = -1;  // what is no regular file, open for writing
};

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// A folder that appears whole or not at all. Files are written under temporary(); commit() puts it
/// in place of what stood there. Without commit() the destructor removes it. A link to a folder is
/// followed.
class AtomicFolder {
 public:
  /// Whether a file of the folder that stood there, named relative to it, goes with its
  /// replacement. All others stay, also in place of a file of that name under temporary().
  using Replaces = std::function<bool(const std::filesystem::path& name)>;

  /// @throws Error(kIo) if the parent cannot be written; Error(kUsage) if `path` is a file, or a
  ///         folder that cannot be replaced: the one that the program runs in, a mount point
  AtomicFolder(const std::filesystem::path& path, Replaces replaces);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  void commit();

 private:
  void keep_the_rest() const;

  std::filesystem::path path_;
  Replaces replaces_;
  std::filesystem::path temporary_;
};

/// @throws Error(kIo)
void make_folder(const std::filesystem::path& path);

}  // namespace sbert
