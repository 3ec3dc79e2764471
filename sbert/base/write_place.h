#pragma once

// Where AtomicFile and AtomicFolder write.

#include <filesystem>
#include <optional>
#include <string_view>

namespace sbert {

/// What the path of something to be written leads to.
struct WritePlace {
  /// With the symbolic links of its last part followed, also to what does not exist yet.
  std::filesystem::path path;
  /// Set where the links lead to an open file of this process, as those of /dev/stdout do.
  std::optional<int> descriptor;
};

/// @throws Error(kIo) if links lead in a circle
WritePlace follow_links(const std::filesystem::path& path);

/// The folder that holds `path`.
std::filesystem::path parent_of(const std::filesystem::path& path);

/// A name beside `path` that no other call gives, in this process or another.
std::filesystem::path temporary_name(const std::filesystem::path& path);

/// Whether a file's name is one that temporary_name() gives.
bool is_temporary_name(std::string_view name);

/// Flushes a file or folder to the disk.
/// @param flags of open(): O_RDONLY, and O_DIRECTORY for a folder
/// @throws Error(kIo)
void sync_path(const std::filesystem::path& path, int flags);

/// @throws Error(kIo) with what errno says
[[noreturn]] void fail_io(const std::filesystem::path& path, std::string_view what);

}  // namespace sbert
