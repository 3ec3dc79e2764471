#include "sbert/checkpoint/nemo_members.h"

#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/tar_archive.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxFiles = 10'000;
constexpr int kMaxDepth = 3;  // folders in folders

NemoMembers read_folder(const std::filesystem::path& folder) {
  const auto files = std::make_shared<std::vector<MappedFile>>();
  NemoMembers members{.bytes = {}, .owner = files};
  std::filesystem::recursive_directory_iterator entries(folder);
  for (auto entry = begin(entries); entry != end(entries); ++entry) {
    if (entry.depth() == kMaxDepth) entry.disable_recursion_pending();
    if (entry->symlink_status().type() != std::filesystem::file_type::regular) continue;
    if (files->size() == kMaxFiles) {
      fail(ErrorKind::kInput, concat(folder, ": has more than ", kMaxFiles, " files"));
    }
    files->emplace_back(entry->path());
    members.bytes[entry->path().lexically_relative(folder).generic_string()] =
        files->back().bytes();
  }
  return members;
}

}  // namespace

NemoMembers read_nemo_members(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return read_folder(path);
  const auto archive = std::make_shared<const TarArchive>(path);
  return {.bytes = archive->members(), .owner = archive};
}

}  // namespace sbert
