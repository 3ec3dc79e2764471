#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "sbert/base/files.h"

struct archive;  // libarchive

namespace sbert {

/// The members of a tar archive by name, plain or compressed with gzip. In a plain archive a member
/// is a view of the mapped file; a compressed one is unpacked into memory. Nothing is ever unpacked
/// to the disk, and a leading "./" is not part of a name.
///
/// Refused: absolute names, "..", links and devices, a duplicate name, more than 100,000
/// members, and a compressed archive that unpacks to more than 256 MiB + 16 times its size. Trained
/// weights shrink by a tenth and texts fivefold, so no honest archive comes near that, and what a
/// small file can take of memory stays small.
class TarArchive {
 public:
  /// @throws Error(kInput) naming the member that is wrong, Error(kIo)
  explicit TarArchive(const std::filesystem::path& path);

  /// Views live as long as the archive. Folders are left out.
  const std::map<std::string, std::string_view>& members() const { return members_; }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  void read(::archive* reader);
  std::string_view read_member(::archive* reader, const std::string& name);

  MappedFile file_;
  std::uint64_t bytes_left_ = 0;
  std::map<std::string, std::string> unpacked_;
  std::map<std::string, std::string_view> members_;
};

}  // namespace sbert
