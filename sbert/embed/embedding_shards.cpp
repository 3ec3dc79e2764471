#include "sbert/embed/embedding_shards.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "shards are little-endian");

constexpr std::string_view kMagic = "SBERTEMB";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kScanBytes = 4U << 20;
// A full shard is followed by the next one.
constexpr std::uint64_t kMaxShardBytes = 1ULL << 30;
constexpr int kMaxShards = 10'000;

[[noreturn]] void fail_io(const fs::path& path, std::string_view what) {
  fail(ErrorKind::kIo, concat(path, ": ", what, ": ", std::strerror(errno)));
}

template <typename Number>
void append_bytes(std::string& out, const Number& number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string header_of(std::int64_t columns) {
  std::string header(kMagic);
  append_bytes(header, kVersion);
  append_bytes(header, static_cast<std::uint32_t>(columns));
  return header;
}

// Bytes that were read, up to the end of the file.
std::size_t read_at(int descriptor,
                    std::uint64_t offset,
                    std::span<char> bytes,
                    const fs::path& path) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(descriptor, bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_io(path, "cannot read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

bool has_header(int descriptor, std::int64_t columns, const fs::path& path) {
  char found[kHeaderBytes];
  return read_at(descriptor, 0, found, path) == kHeaderBytes &&
         std::string_view(found, kHeaderBytes) == header_of(columns);
}

bool is_whole(std::string_view record) {
  const std::size_t end = record.size() - kChecksumBytes;
  std::uint64_t expected = 0;
  std::memcpy(&expected, record.data() + end, kChecksumBytes);
  return checksum(record.substr(0, end)) == expected;
}

ContentHash key_of(std::string_view record) {
  ContentHash key;
  std::memcpy(&key.high, record.data(), 8);
  std::memcpy(&key.low, record.data() + 8, 8);
  return key;
}

std::uint64_t size_of(int descriptor, const fs::path& path) {
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) fail_io(path, "cannot read");
  return static_cast<std::uint64_t>(info.st_size);
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

EmbeddingShards::EmbeddingShards(fs::path folder, std::int64_t columns, const StopToken& stop)
    : folder_(std::move(folder)), columns_(columns) {
  refresh(stop);
}

EmbeddingShards::~EmbeddingShards() {
  for (const Shard& shard : shards_)
    ::close(shard.descriptor);
  if (writer_ >= 0) ::close(writer_);
}

std::size_t EmbeddingShards::record_bytes() const {
  return kKeyBytes + static_cast<std::size_t>(columns_) * sizeof(float) + kChecksumBytes;
}

void EmbeddingShards::open_new_shards() {
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path path = entry->path();
    const bool is_known = std::any_of(shards_.begin(), shards_.end(),
                                      [&](const Shard& shard) { return shard.path == path; });
    if (is_known || path.extension() != ".shard") continue;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) continue;
    if (descriptor < 0) fail_io(path, "cannot open");
    if (has_header(descriptor, columns_, path)) {
      shards_.push_back({path, descriptor, kHeaderBytes});
    } else {
      ::close(descriptor);
    }
  }
}

void EmbeddingShards::refresh(const StopToken& stop) {
  open_new_shards();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    scan(i, stop);
}

void EmbeddingShards::scan(std::size_t number, const StopToken& stop) {
  Shard& shard = shards_[number];
  const std::size_t record = record_bytes();
  std::string buffer(std::max<std::size_t>(1, kScanBytes / record) * record, '\0');
  while (true) {
    stop.throw_if_stopped();
    const std::size_t count =
        read_at(shard.descriptor, shard.num_scanned_bytes, buffer, shard.path);
    for (std::size_t begin = 0; begin + record <= count; begin += record) {
      const std::string_view bytes = std::string_view(buffer).substr(begin, record);
      if (is_whole(bytes))
        places_.try_emplace(key_of(bytes), number, shard.num_scanned_bytes + begin);
    }
    shard.num_scanned_bytes += count / record * record;
    if (count < buffer.size()) return;
  }
}

bool EmbeddingShards::find(const ContentHash& key, std::span<float> row) const {
  const auto found = places_.find(key);
  if (found == places_.end()) return false;
  const Shard& shard = shards_[found->second.shard];
  std::string record(record_bytes(), '\0');
  if (read_at(shard.descriptor, found->second.offset, record, shard.path) != record.size() ||
      !is_whole(record) || key_of(record) != key) {
    return false;
  }
  std::memcpy(row.data(), record.data() + kKeyBytes, row.size_bytes());
  return true;
}

// Ends the file after its last whole record. False if it is full or of another form.
bool EmbeddingShards::prepare_for_appending(int descriptor, const fs::path& path) const {
  const std::uint64_t size = size_of(descriptor, path);
  if (size >= kMaxShardBytes) return false;
  if (size < kHeaderBytes) {
    std::string begun(size, '\0');
    if (read_at(descriptor, 0, begun, path) != size || !header_of(columns_).starts_with(begun))
      return false;  // of someone else
    return ::ftruncate(descriptor, 0) == 0 && write_all(descriptor, header_of(columns_));
  }
  if (!has_header(descriptor, columns_, path)) return false;
  const std::uint64_t torn = (size - kHeaderBytes) % record_bytes();
  return torn == 0 || ::ftruncate(descriptor, static_cast<off_t>(size - torn)) == 0;
}

void EmbeddingShards::open_writer() {
  make_folder(folder_);
  for (int i = 0; i < kMaxShards; ++i) {
    const fs::path path = folder_ / concat(i, ".shard");
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0) fail_io(path, "cannot write");
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 && prepare_for_appending(descriptor, path)) {
      writer_ = descriptor;
      writer_path_ = path;
      return;
    }
    ::close(descriptor);
  }
  fail(ErrorKind::kIo, concat(folder_, ": no shard can be written"));
}

void EmbeddingShards::append(std::span<const ContentHash> keys, const FloatMatrix& rows) {
  if (std::cmp_not_equal(keys.size(), rows.rows) || rows.columns != columns_) {
    fail(ErrorKind::kInternal, concat("embeddings to keep have shape [", rows.rows, ", ",
                                      rows.columns, "], not [", keys.size(), ", ", columns_, "]"));
  }
  if (writer_ >= 0 && size_of(writer_, writer_path_) >= kMaxShardBytes) {
    ::close(writer_);
    writer_ = -1;
  }
  if (writer_ < 0) open_writer();
  std::string records;
  records.reserve(keys.size() * record_bytes());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::size_t begin = records.size();
    append_bytes(records, keys[i].high);
    append_bytes(records, keys[i].low);
    const auto row = rows.row(static_cast<std::int64_t>(i));
    records.append(reinterpret_cast<const char*>(row.data()), row.size_bytes());
    append_bytes(records, checksum(std::string_view(records).substr(begin)));
  }
  const std::uint64_t size = size_of(writer_, writer_path_);
  if (write_all(writer_, records)) return;
  const int reason = errno;
  // If this fails too, the next writer takes the torn record away.
  [[maybe_unused]] const int ignored = ::ftruncate(writer_, static_cast<off_t>(size));
  errno = reason;
  fail_io(writer_path_, "cannot write");
}

}  // namespace sbert
