#include "sbert/mine/vector_file.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kHeaderBytes = 4'096;
constexpr std::uint32_t kVersion = 2;

struct Header {
  char magic[8] = {'S', 'B', 'E', 'R', 'T', 'V', 'E', 'C'};
  std::uint32_t version = kVersion;
  std::uint32_t columns = 0;
  std::uint64_t rows = 0;
  std::uint64_t key = 0;
  std::uint64_t written = 0;
};
static_assert(sizeof(Header) == 40);

[[noreturn]] void fail_io(const std::filesystem::path& path, std::string_view what) {
  fail(ErrorKind::kIo, concat(path, ": ", what, ": ", std::strerror(errno)));
}

void write_at(int descriptor,
              std::string_view bytes,
              std::uint64_t offset,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

// False if the file ends before.
bool read_at(int descriptor, std::span<char> out, std::uint64_t offset) {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

// A file that is not empty must be one of vectors, of whatever key, to be written over; or zeros,
// as a run that was killed at its start leaves them.
void refuse_other_file(int descriptor, const std::filesystem::path& path) {
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) fail_io(path, "cannot read");
  const Header ours;
  char magic[sizeof ours.magic] = {};
  const bool has_start = read_at(descriptor, magic, 0);
  const bool is_zeros = std::ranges::all_of(magic, [](char byte) { return byte == 0; });
  const bool is_ours = has_start && (is_zeros || std::memcmp(magic, ours.magic, sizeof magic) == 0);
  if (info.st_size == 0 || is_ours) return;
  fail(ErrorKind::kIo,
       concat(path, ": is no file of vectors; take it away, or name another folder"));
}

}  // namespace

VectorFile::VectorFile(std::filesystem::path path,
                       std::uint64_t key,
                       std::int64_t rows,
                       std::int64_t columns)
    : path_(std::move(path)), rows_(rows), columns_(columns) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_io(path_, "cannot write");
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      fail_io(path_, "cannot lock; does another run use it?");
    }
    if (!resume(key)) start(key);
  } catch (const Error&) {
    ::close(descriptor_);
    throw;
  }
}

VectorFile::~VectorFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

VectorFile::VectorFile(VectorFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      rows_(other.rows_),
      columns_(other.columns_),
      written_(other.written_) {}

std::uint64_t VectorFile::offset_of(std::int64_t row) const {
  return kHeaderBytes + static_cast<std::uint64_t>(row * columns_) * sizeof(float);
}

bool VectorFile::resume(std::uint64_t key) {
  Header header;
  if (!read_at(descriptor_, {reinterpret_cast<char*>(&header), sizeof header}, 0)) return false;
  const Header wanted{.columns = static_cast<std::uint32_t>(columns_),
                      .rows = static_cast<std::uint64_t>(rows_),
                      .key = key,
                      .written = header.written};
  struct stat info{};
  if (std::memcmp(&header, &wanted, sizeof header) != 0 || header.written > wanted.rows ||
      ::fstat(descriptor_, &info) != 0 ||
      static_cast<std::uint64_t>(info.st_size) != offset_of(rows_)) {
    return false;
  }
  written_ = static_cast<std::int64_t>(header.written);
  return true;
}

void VectorFile::start(std::uint64_t key) {
  refuse_other_file(descriptor_, path_);
  const Header header{.columns = static_cast<std::uint32_t>(columns_),
                      .rows = static_cast<std::uint64_t>(rows_),
                      .key = key};
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::ftruncate(descriptor_, static_cast<off_t>(offset_of(rows_))) != 0) {
    fail_io(path_, "cannot write");
  }
  write_at(descriptor_, {reinterpret_cast<const char*>(&header), sizeof header}, 0, path_);
}

void VectorFile::append(MatrixView rows) {
  if (rows.columns != columns_ || rows.rows > rows_ - written_) {
    fail(ErrorKind::kInternal,
         concat(path_, ": rows do not fit: ", rows.rows, " of ", rows.columns));
  }
  const auto bytes = static_cast<std::size_t>(rows.rows * columns_) * sizeof(float);
  write_at(descriptor_, {reinterpret_cast<const char*>(rows.values), bytes}, offset_of(written_),
           path_);
  if (::fdatasync(descriptor_) != 0) fail_io(path_, "cannot flush");
  written_ += rows.rows;
  // Only what is on the disk may be said to be there.
  const auto written = static_cast<std::uint64_t>(written_);
  write_at(descriptor_, {reinterpret_cast<const char*>(&written), sizeof written},
           offsetof(Header, written), path_);
}

void VectorFile::read(std::int64_t row, std::span<float> out) const {
  if (row < 0 || row >= written_ || out.size() != static_cast<std::size_t>(columns_)) {
    fail(ErrorKind::kInternal, concat(path_, ": no such row was written: ", row));
  }
  if (!read_at(descriptor_, {reinterpret_cast<char*>(out.data()), out.size_bytes()},
               offset_of(row))) {
    fail(ErrorKind::kIo, concat(path_, ": cannot read, or became shorter"));
  }
}

MappedRows::MappedRows(const VectorFile& file, std::int64_t first, std::int64_t count) {
  if (first < 0 || count < 0 || count > file.written_ - first) {
    fail(ErrorKind::kInternal, concat(file.path_, ": no such rows were written: ", first));
  }
  view_ = {nullptr, count, file.columns_};
  if (count == 0 || file.columns_ == 0) return;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = file.offset_of(first);
  const std::uint64_t aligned = begin / page * page;
  size_ = file.offset_of(first + count) - aligned;
  mapping_ =
      ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.descriptor_, static_cast<off_t>(aligned));
  if (mapping_ == MAP_FAILED) fail_io(file.path_, "cannot map");
  ::madvise(mapping_, size_, MADV_SEQUENTIAL);
  view_.values =
      reinterpret_cast<const float*>(static_cast<const char*>(mapping_) + (begin - aligned));
}

MappedRows::~MappedRows() {
  if (mapping_ != nullptr) ::munmap(mapping_, size_);
}

}  // namespace sbert
