#pragma once

#include <filesystem>

namespace sbert {

/// Keeps a folder to one process of all that ask for it, on any machine that sees the folder. The
/// file `.lock` in it says who holds it; it goes with the object. A process that ends in any way
/// holds nothing. Where the file system has no locks, that is a warning.
class FolderLock {
 public:
  /// @param folder made if it is not there
  /// @throws Error(kIo) naming the process that holds it, if another does, or if nothing can be
  ///         written there
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace sbert
