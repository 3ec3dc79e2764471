#include "sbert/checkpoint/zip_writer.h"

#include <concepts>
#include <utility>

#include <zlib.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kEndOfDirectory = 0x06054b50;
constexpr std::uint32_t kZip64EndOfDirectory = 0x06064b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr std::uint16_t kZip64Extra = 0x0001;
constexpr std::uint16_t kPaddingExtra = 0x4246;  // "FB", torch's
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kDate = 1 << 5 | 1;  // 1 January 1980
constexpr std::uint32_t kInZip64 = 0xFFFF'FFFF;
constexpr std::uint16_t kCountInZip64 = 0xFFFF;
constexpr std::uint64_t kLocalHeaderBytes = 30;
constexpr std::uint64_t kExtraHeaderBytes = 4;
constexpr std::uint64_t kZip64EndBytes = 56;

template <std::unsigned_integral Number>
void put(std::string& to, Number value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool needs_zip64(std::uint64_t value) {
  return value >= kInZip64;
}

std::uint32_t narrow(std::uint64_t value) {
  return needs_zip64(value) ? kInZip64 : static_cast<std::uint32_t>(value);
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// As torch combines the checksums of its members.
std::uint64_t combined(std::uint64_t seed, std::uint64_t value) {
  return seed ^ (value + 0x9e37'79b9 + (seed << 6) + (seed >> 2));
}

std::string twenty_digits(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

ZipWriter::ZipWriter(std::function<void(std::string_view)> sink, std::uint64_t alignment)
    : sink_(std::move(sink)), alignment_(alignment) {}

void ZipWriter::write(std::string_view bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

std::string ZipWriter::local_header(const Member& member) const {
  const bool is_zip64 = needs_zip64(member.size);
  std::string extra;
  if (is_zip64) {
    put(extra, kZip64Extra);
    put(extra, std::uint16_t{16});
    put(extra, member.size);
    put(extra, member.size);
  }
  const std::uint64_t unpadded =
      member.offset + kLocalHeaderBytes + member.name.size() + extra.size() + kExtraHeaderBytes;
  const std::uint64_t padding = (alignment_ - unpadded % alignment_) % alignment_;
  put(extra, kPaddingExtra);
  put(extra, static_cast<std::uint16_t>(padding));
  extra.append(padding, 'Z');

  std::string header;
  put(header, kLocalHeader);
  put(header, is_zip64 ? kZip64Version : kVersion);
  put(header, std::uint16_t{0});  // flags
  put(header, std::uint16_t{0});  // stored
  put(header, std::uint16_t{0});  // time
  put(header, kDate);
  put(header, member.crc);
  put(header, narrow(member.size));
  put(header, narrow(member.size));
  put(header, static_cast<std::uint16_t>(member.name.size()));
  put(header, static_cast<std::uint16_t>(extra.size()));
  return header + member.name + extra;
}

void ZipWriter::add(std::string_view name, std::string_view bytes) {
  if (name.size() > UINT16_MAX) {
    fail(ErrorKind::kInternal, concat("name of a zip member is too long: ", name.size()));
  }
  members_.push_back({std::string(name), bytes.size(), written_, checksum(bytes)});
  write(local_header(members_.back()));
  write(bytes);
}

std::string ZipWriter::content_id() const {
  std::uint64_t names = 0;
  std::uint64_t bytes = 0;
  for (const Member& member : members_) {
    names = combined(names, checksum(member.name));
    bytes = combined(bytes, member.crc);
  }
  return twenty_digits(names) + twenty_digits(bytes);
}

void ZipWriter::finish() {
  const std::uint64_t directory_offset = written_;
  for (const Member& member : members_) {
    std::string extra;
    if (needs_zip64(member.size)) {
      put(extra, member.size);
      put(extra, member.size);
    }
    if (needs_zip64(member.offset)) put(extra, member.offset);
    std::string entry;
    put(entry, kDirectoryEntry);
    put(entry, extra.empty() ? kVersion : kZip64Version);  // made by
    put(entry, extra.empty() ? kVersion : kZip64Version);  // needed
    put(entry, std::uint16_t{0});
    put(entry, std::uint16_t{0});
    put(entry, std::uint16_t{0});
    put(entry, kDate);
    put(entry, member.crc);
    put(entry, narrow(member.size));
    put(entry, narrow(member.size));
    put(entry, static_cast<std::uint16_t>(member.name.size()));
    put(entry, static_cast<std::uint16_t>(extra.empty() ? 0 : extra.size() + kExtraHeaderBytes));
    put(entry, std::uint16_t{0});  // comment
    put(entry, std::uint16_t{0});  // disk
    put(entry, std::uint16_t{0});  // attributes
    put(entry, std::uint32_t{0});
    put(entry, narrow(member.offset));
    entry += member.name;
    if (!extra.empty()) {
      put(entry, kZip64Extra);
      put(entry, static_cast<std::uint16_t>(extra.size()));
      entry += extra;
    }
    write(entry);
  }
  const std::uint64_t directory_bytes = written_ - directory_offset;
  const std::uint64_t count = members_.size();
  std::string end;
  if (needs_zip64(directory_offset) || needs_zip64(directory_bytes) || count >= kCountInZip64) {
    const std::uint64_t zip64_end_offset = written_;
    put(end, kZip64EndOfDirectory);
    put(end, kZip64EndBytes - 12);  // what follows this number
    put(end, kZip64Version);
    put(end, kZip64Version);
    put(end, std::uint32_t{0});  // disks
    put(end, std::uint32_t{0});
    put(end, count);
    put(end, count);
    put(end, directory_bytes);
    put(end, directory_offset);
    put(end, kZip64Locator);
    put(end, std::uint32_t{0});
    put(end, zip64_end_offset);
    put(end, std::uint32_t{1});
  }
  const auto short_count =
      count >= kCountInZip64 ? kCountInZip64 : static_cast<std::uint16_t>(count);
  put(end, kEndOfDirectory);
  put(end, std::uint16_t{0});
  put(end, std::uint16_t{0});
  put(end, short_count);
  put(end, short_count);
  put(end, narrow(directory_bytes));
  put(end, narrow(directory_offset));
  put(end, std::uint16_t{0});
  write(end);
}

}  // namespace sbert
