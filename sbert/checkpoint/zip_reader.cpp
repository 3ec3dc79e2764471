#include "sbert/checkpoint/zip_reader.h"

// Field offsets are those of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16, 4.5.3.

#include <concepts>
#include <cstdint>
#include <cstring>

#include <zlib.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::uint64_t kMaxMembers = 2'000'000;
constexpr std::size_t kMaxCommentBytes = 65'535;
constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::size_t kCentralHeaderBytes = 46;
constexpr std::size_t kEndRecordBytes = 22;
constexpr std::size_t kZip64LocatorBytes = 20;
constexpr std::size_t kZip64EndRecordBytes = 56;
constexpr std::uint32_t kIn64Bits = 0xFFFF'FFFF;  // the real value is in the zip64 record

template <std::unsigned_integral Number>
Number number_at(std::string_view bytes, std::size_t offset) {
  Number value = 0;
  std::memcpy(&value, bytes.substr(offset).data(), sizeof value);
  return value;
}

// A part of the file, or an error that says what was cut off.
std::string_view slice(std::string_view bytes,
                       std::uint64_t offset,
                       std::uint64_t size,
                       std::string_view what) {
  if (offset > bytes.size() || size > bytes.size() - offset) {
    fail(ErrorKind::kInput,
         concat("zip file is damaged or cut off: ", what, " of ", size, " bytes at ", offset,
                " is outside of its ", bytes.size(), " bytes"));
  }
  return bytes.substr(offset, size);
}

struct Directory {
  std::uint64_t num_members = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

std::size_t find_end_record(std::string_view bytes) {
  if (bytes.size() < kEndRecordBytes) fail(ErrorKind::kInput, "not a zip file, or cut off");
  const std::size_t last = bytes.size() - kEndRecordBytes;
  const std::size_t first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (bytes.substr(at, 4) == "PK\5\6" &&
        number_at<std::uint16_t>(bytes, at + 20) == bytes.size() - at - kEndRecordBytes) {
      return at;
    }
  }
  fail(ErrorKind::kInput, "not a zip file, or cut off: it has no end record");
}

Directory find_directory(std::string_view bytes) {
  const std::size_t end = find_end_record(bytes);
  Directory directory{.num_members = number_at<std::uint16_t>(bytes, end + 10),
                      .offset = number_at<std::uint32_t>(bytes, end + 16),
                      .bytes = number_at<std::uint32_t>(bytes, end + 12)};
  const bool has_locator =
      end >= kZip64LocatorBytes && bytes.substr(end - kZip64LocatorBytes, 4) == "PK\6\7";
  if (has_locator) {
    const auto record_offset = number_at<std::uint64_t>(bytes, end - kZip64LocatorBytes + 8);
    const std::string_view record =
        slice(bytes, record_offset, kZip64EndRecordBytes, "zip64 end record");
    if (record.substr(0, 4) != "PK\6\6") fail(ErrorKind::kInput, "zip64 end record is damaged");
    directory = {.num_members = number_at<std::uint64_t>(record, 32),
                 .offset = number_at<std::uint64_t>(record, 48),
                 .bytes = number_at<std::uint64_t>(record, 40)};
  }
  if (directory.num_members > kMaxMembers) {
    fail(ErrorKind::kInput, concat("zip file has too many members: ", directory.num_members,
                                   ", at most ", kMaxMembers));
  }
  return directory;
}

struct Member {
  std::string name;
  std::uint32_t crc = 0;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t header_offset = 0;
};

// Replaces the fields that hold 2^32 - 1 by those of the zip64 extra field, in their fixed order.
void read_zip64_extra(std::string_view extra, Member& member) {
  while (extra.size() >= 4) {
    const auto id = number_at<std::uint16_t>(extra, 0);
    const std::size_t size = number_at<std::uint16_t>(extra, 2);
    std::string_view field = slice(extra.substr(4), 0, size, "extra field");
    extra.remove_prefix(4 + size);
    if (id != 1) continue;
    for (std::uint64_t* value : {&member.bytes, &member.compressed_bytes, &member.header_offset}) {
      if (*value != kIn64Bits) continue;
      *value = number_at<std::uint64_t>(slice(field, 0, 8, "zip64 extra field"), 0);
      field.remove_prefix(8);
    }
  }
}

// Takes one entry from the front of the directory.
Member take_member(std::string_view& directory) {
  const std::string_view header = slice(directory, 0, kCentralHeaderBytes, "directory entry");
  if (header.substr(0, 4) != "PK\1\2") {
    fail(ErrorKind::kInput, "zip file is damaged: its directory has a wrong entry");
  }
  const std::size_t name_bytes = number_at<std::uint16_t>(header, 28);
  const std::size_t extra_bytes = number_at<std::uint16_t>(header, 30);
  const std::size_t comment_bytes = number_at<std::uint16_t>(header, 32);
  const std::string_view rest = slice(directory, kCentralHeaderBytes,
                                      name_bytes + extra_bytes + comment_bytes, "directory entry");
  Member member{.name = std::string(rest.substr(0, name_bytes)),
                .crc = number_at<std::uint32_t>(header, 16),
                .compressed_bytes = number_at<std::uint32_t>(header, 20),
                .bytes = number_at<std::uint32_t>(header, 24),
                .header_offset = number_at<std::uint32_t>(header, 42)};
  read_zip64_extra(rest.substr(name_bytes, extra_bytes), member);
  if ((number_at<std::uint16_t>(header, 8) & 1) != 0) {
    fail(ErrorKind::kInput, concat("member ", member.name, " is encrypted"));
  }
  if (number_at<std::uint16_t>(header, 10) != 0 || member.compressed_bytes != member.bytes) {
    fail(ErrorKind::kInput,
         concat("member ", member.name, " is compressed, which torch.save never does"));
  }
  directory.remove_prefix(kCentralHeaderBytes + rest.size());
  return member;
}

}  // namespace

std::map<std::string, ZipMember> read_zip(std::string_view bytes) {
  const Directory place = find_directory(bytes);
  std::string_view directory = slice(bytes, place.offset, place.bytes, "directory");
  const std::string_view contents = bytes.substr(0, place.offset);
  std::map<std::string, ZipMember> members;
  for (std::uint64_t i = 0; i < place.num_members; ++i) {
    Member member = take_member(directory);
    const std::string_view header =
        slice(contents, member.header_offset, kLocalHeaderBytes, "member's header");
    if (header.substr(0, 4) != "PK\3\4") {
      fail(ErrorKind::kInput, concat("header of member ", member.name, " is damaged"));
    }
    const std::uint64_t data_offset = member.header_offset + kLocalHeaderBytes +
                                      number_at<std::uint16_t>(header, 26) +
                                      number_at<std::uint16_t>(header, 28);
    const std::string_view data = slice(contents, data_offset, member.bytes, member.name);
    if (!members.emplace(member.name, ZipMember{data, member.crc}).second) {
      fail(ErrorKind::kInput, concat("duplicate member: ", member.name));
    }
  }
  return members;
}

std::string_view checked_bytes(std::string_view name, const ZipMember& member) {
  if (member.crc == 0) return member.bytes;
  const auto* bytes = reinterpret_cast<const unsigned char*>(member.bytes.data());
  const auto crc = crc32_z(0, bytes, member.bytes.size());
  if (crc == member.crc) return member.bytes;
  fail(ErrorKind::kInput,
       concat("member ", name, " is damaged: its checksum is ", crc, ", not ", member.crc));
}

}  // namespace sbert
