#include "sbert/base/files.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/write_place.h"

namespace sbert {
namespace {

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

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(ErrorKind::kIo, concat(path, ": cannot make folder: ", error.message()));
}

}  // namespace sbert
