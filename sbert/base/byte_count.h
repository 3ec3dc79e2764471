#pragma once

#include <cstdint>
#include <string_view>

namespace sbert {

/// Reads "2GB", "512 MB", "1.5GiB" or a number of bytes. KB, MB, GB and TB are powers of 1,000,
/// KiB, MiB, GiB and TiB of 1,024; case does not count.
/// @throws Error(kUsage) for anything else, and for more than 2^60
std::uint64_t parse_byte_count(std::string_view text);

}  // namespace sbert
