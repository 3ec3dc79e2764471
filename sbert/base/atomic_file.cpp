#include <cerrno>
#include <cstdlib>
#include <string>
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

constexpr mode_t kPermissions = 07777;

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// An open file of this process, for writing from where it stands.
int same_open_file(int descriptor, const std::filesystem::path& path) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) errno = EBADF;
  const bool is_writable = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  const int same = is_writable ? ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1;
  if (same < 0) fail_io(path, "cannot write");
  return same;
}

// A file without a name, for what cannot be written out of order or taken back.
int open_nameless() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error) fail(ErrorKind::kIo, concat("TMPDIR: ", error.message()));
  std::string name = folder / "sbert-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail_io(name, "cannot write");
  ::unlink(name.c_str());
  return descriptor;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  const WritePlace place = follow_links(path_);
  struct stat old{};
  const bool is_there = ::stat(path_.c_str(), &old) == 0;
  if (is_there && S_ISDIR(old.st_mode)) {
    fail(ErrorKind::kIo, concat(path_, ": is a folder; a file cannot take its place"));
  }
  if (place.descriptor) {
    target_ = same_open_file(*place.descriptor, path_);
  } else if (is_there && !S_ISREG(old.st_mode)) {
    target_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (target_ < 0) fail_io(path_, "cannot write");
  }
  if (target_ >= 0) {
    descriptor_ = open_nameless();
    temporary_ = concat("/proc/self/fd/", descriptor_);
    return;
  }
  path_ = place.path;
  const std::filesystem::path temporary = temporary_name(path_);
  descriptor_ = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_io(path_, "cannot write");
  temporary_ = temporary;
  if (!is_there) return;
  // The owner first, since a new one takes bits of the mode away. Only root may name another.
  [[maybe_unused]] const int ignored = ::fchown(descriptor_, old.st_uid, old.st_gid);
  ::fchmod(descriptor_, old.st_mode & kPermissions);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (target_ >= 0) {
    ::close(target_);
  } else if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::string_view bytes) {
  write_all(descriptor_, bytes, path_);
}

void AtomicFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path_, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void AtomicFile::commit() {
  if (target_ >= 0) {
    write_all(target_, MappedFile(temporary_).bytes(), path_);
    temporary_.clear();
    // Who reads a FIFO waits for this.
    if (::close(std::exchange(target_, -1)) != 0) fail_io(path_, "cannot write");
    return;
  }
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail_io(path_, "cannot flush");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io(path_, "cannot put in place");
  temporary_.clear();
  sync_path(parent_of(path_), O_RDONLY | O_DIRECTORY);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace sbert
