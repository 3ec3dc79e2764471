#pragma once

#include <cstdint>
#include <string_view>

namespace sbert {

/// CRC-32C (Castagnoli; RFC 3720, B.4) of `bytes`.
std::uint32_t crc32c(std::string_view bytes);

/// The checksum of a TFRecord: crc32c() rotated right by 15 bits, plus 0xa282ead8, so that the
/// checksum of bytes that hold a checksum is no special case.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace sbert
