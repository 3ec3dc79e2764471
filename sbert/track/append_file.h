#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace sbert {

/// A new file that grows by whole records: each is written with one call, so that a process that
/// is killed leaves whole records, and one that does not fit on the disk is taken back.
class AppendFile {
 public:
  /// @throws Error(kIo) if the file exists or cannot be made
  explicit AppendFile(std::filesystem::path path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// @throws Error(kIo), as on a full disk; the file is as before then
  void append(std::string_view record);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace sbert
