#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sbert {

/// The bytes of a member, and the CRC-32 that the directory gives them.
struct ZipMember {
  std::string_view bytes;
  std::uint32_t crc = 0;
};

/// The members of a zip file by name, as views of its bytes. Only what torch.save writes is read:
/// stored members, not compressed, not encrypted, in one volume; zip64 where sizes need it.
/// Every offset and length is checked against the file, and members may not overlap the directory.
/// @param bytes the whole zip file
/// @throws Error(kInput)
std::map<std::string, ZipMember> read_zip(std::string_view bytes);

/// The bytes of a member, whose checksum is right. A checksum of 0 is none: torch can save without.
/// @throws Error(kInput) naming the member
std::string_view checked_bytes(std::string_view name, const ZipMember& member);

}  // namespace sbert
