#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/write_place.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// "model/" and "model" name the same folder; a temporary name must be beside it, not inside.
fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

bool is_mount_point(const fs::path& folder) {
  struct statx info{};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_BASIC_STATS, &info) != 0) return false;
  const std::uint64_t known = info.stx_attributes_mask;
  return (known & info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// What is renamed must be another folder than those that the system or the user stands in.
void check_replaceable(const fs::path& given, const fs::path& folder) {
  const auto refuse = [&](std::string_view why) {
    fail(ErrorKind::kUsage,
         concat(given, ": cannot be replaced, since it ", why, "; name a folder inside of it"));
  };
  std::error_code error;
  const fs::path here = fs::current_path(error).lexically_relative(folder);
  const bool holds_here = !error && !here.empty() && *here.begin() != "..";
  if (holds_here) refuse("is or holds the folder that the program was started in");
  if (is_mount_point(folder)) refuse("is where another file system is mounted");
}

// Puts a second name of a file, a link or the like in place of what is there; a copy where the file
// system has no second names.
void carry_over(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove(to, error);
  fs::create_directories(to.parent_path(), error);
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0) == 0) return;
  fs::copy(from, to, fs::copy_options::copy_symlinks, error);
  if (error) fail(ErrorKind::kIo, concat(from, ": cannot keep: ", error.message()));
}

// Where two folders cannot be exchanged in one step, as on network file systems.
void exchange_in_two_steps(const fs::path& folder, const fs::path& replacement) {
  const fs::path aside = temporary_name(folder);
  if (::rename(folder.c_str(), aside.c_str()) != 0) fail_io(folder, "cannot put in place");
  if (::rename(replacement.c_str(), folder.c_str()) != 0) {
    const int reason = errno;
    ::rename(aside.c_str(), folder.c_str());
    errno = reason;
    fail_io(folder, "cannot put in place");
  }
  if (::rename(aside.c_str(), replacement.c_str()) != 0) fail_io(aside, "cannot remove");
}

void exchange(const fs::path& folder, const fs::path& replacement) {
  if (::renameat2(AT_FDCWD, replacement.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0)
    return;
  if (errno != EINVAL && errno != ENOSYS) fail_io(folder, "cannot put in place");
  exchange_in_two_steps(folder, replacement);
}

}  // namespace

AtomicFolder::AtomicFolder(const fs::path& path, Replaces replaces)
    : path_(follow_links(without_trailing_slash(path)).path), replaces_(std::move(replaces)) {
  if (fs::exists(path_) && !fs::is_directory(path_)) {
    fail(ErrorKind::kUsage, concat(path_, ": is a file; a folder cannot take its place"));
  }
  const bool is_there = fs::is_directory(path_);
  if (is_there) {
    path_ = fs::canonical(path_);
    check_replaceable(path, path_);
  }
  temporary_ = temporary_name(path_);
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  make_folder(temporary_);
  if (is_there) fs::permissions(temporary_, fs::status(path_).permissions(), ignored);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::keep_the_rest() const {
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    const fs::path name = entry.path().lexically_relative(path_);
    if (entry.is_directory() && !entry.is_symlink()) {
      if (!fs::is_empty(entry.path()) || replaces_(name)) continue;
      make_folder(temporary_ / name);
    } else if (!replaces_(name)) {
      carry_over(entry.path(), temporary_ / name);
    }
  }
}

void AtomicFolder::commit() {
  const bool is_there = fs::exists(path_);
  try {
    if (is_there) keep_the_rest();
  } catch (const fs::filesystem_error& error) {
    fail(ErrorKind::kIo, concat(path_, ": cannot list: ", error.code().message()));
  }
  for (const auto& entry : fs::recursive_directory_iterator(temporary_)) {
    if (entry.is_regular_file() && !entry.is_symlink()) sync_path(entry.path(), O_RDONLY);
  }
  sync_path(temporary_, O_RDONLY | O_DIRECTORY);
  if (is_there) {
    exchange(path_, temporary_);
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
  } else if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail_io(path_, "cannot put in place");
  }
  temporary_.clear();
  sync_path(parent_of(path_), O_RDONLY | O_DIRECTORY);
}

}  // namespace sbert
