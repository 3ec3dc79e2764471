#include "sbert/base/files.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

[[noreturn]] void fail_io(const std::filesystem::path& path, std::string_view what) {
  fail(ErrorKind::kIo, concat(path, ": ", what, ": ", std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

std::uint64_t regular_file_size(int descriptor, const std::filesystem::path& path) {
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) fail_io(path, "cannot read");
  if (S_ISDIR(info.st_mode)) fail(ErrorKind::kIo, concat(path, ": is a folder, not a file"));
  if (!S_ISREG(info.st_mode)) fail(ErrorKind::kIo, concat(path, ": is not a regular file"));
  return static_cast<std::uint64_t>(info.st_size);
}

int open_for_reading(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_io(path, "cannot open");
  return descriptor;
}

void sync_path(const std::filesystem::path& path, int flags) {
  const Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC));
  if (descriptor.value() < 0) fail_io(path, "cannot open to flush");
  if (::fsync(descriptor.value()) != 0 && errno != EINVAL) fail_io(path, "cannot flush");
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// "model/" and "model" name the same folder; a temporary name must be beside it, not inside.
std::filesystem::path without_trailing_slash(const std::filesystem::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

// Differs at each call, so that two writers of one file in one process do not mix.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<int> num_calls = 0;
  return parent_of(path) / concat(path.filename(), ".tmp-", ::getpid(), '-', num_calls++);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const Descriptor descriptor(open_for_reading(path));
  size_ = regular_file_size(descriptor.value(), path);
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor.value(), 0);
  if (mapping == MAP_FAILED) fail_io(path, "cannot map");
  data_ = static_cast<const char*>(mapping);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::drop_pages() const {
  // Only advice: where it is not taken, the kernel drops the pages when memory runs short.
  if (size_ > 0) ::madvise(const_cast<char*>(data_), size_, MADV_DONTNEED);
}

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Descriptor descriptor(open_for_reading(path));
  const std::uint64_t size = regular_file_size(descriptor.value(), path);
  if (size > max_bytes) {
    fail(ErrorKind::kInput,
         concat(path, ": file is too long: ", size, " bytes, at most ", max_bytes));
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(descriptor.value(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path, "cannot read");
    if (count == 0) fail(ErrorKind::kIo, concat(path, ": became shorter while it was read"));
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_name(path_)) {
  if (std::filesystem::is_directory(path_)) {
    fail(ErrorKind::kIo, concat(path_, ": is a folder; a file cannot take its place"));
  }
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_io(path_, "cannot write");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path_, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
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
  // By name, since a library may have replaced what our descriptor points to.
  sync_path(temporary_, O_WRONLY);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io(path_, "cannot put in place");
  temporary_.clear();
  sync_path(parent_of(path_), O_RDONLY | O_DIRECTORY);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AtomicFolder::AtomicFolder(const std::filesystem::path& path)
    : path_(without_trailing_slash(path)), temporary_(temporary_name(path_)) {
  if (std::filesystem::exists(path_) && !std::filesystem::is_directory(path_)) {
    fail(ErrorKind::kUsage, concat(path_, ": is a file; a folder cannot take its place"));
  }
  std::error_code ignored;
  std::filesystem::remove_all(temporary_, ignored);
  make_folder(temporary_);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary_)) {
    if (entry.is_regular_file()) sync_path(entry.path(), O_RDONLY);
  }
  sync_path(temporary_, O_RDONLY | O_DIRECTORY);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    // A folder that is not empty cannot be renamed over: exchange the two, then drop the old one.
    if (errno != ENOTEMPTY && errno != EEXIST) fail_io(path_, "cannot put in place");
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0) {
      fail_io(path_, "cannot put in place");
    }
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
  }
  temporary_.clear();
  sync_path(parent_of(path_), O_RDONLY | O_DIRECTORY);
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(ErrorKind::kIo, concat(path, ": cannot make folder: ", error.message()));
}

}  // namespace sbert
