#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sbert/base/stop_token.h"

namespace sbert {

/// 128 bits of XXH3 over some bytes: tells contents apart, but not against someone who wants two
/// contents to look alike.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;

  /// 32 hexadecimal digits.
  std::string hex() const;
};

/// For unordered containers: the bits are mixed already.
struct HashOfContentHash {
  std::size_t operator()(const ContentHash& hash) const {
    return static_cast<std::size_t>(hash.low);
  }
};

ContentHash content_hash(std::string_view bytes);

/// 64 bits, for checking a record.
std::uint64_t checksum(std::string_view bytes);

/// Reads the file in pieces.
/// @throws Error(kIo); Error(kCancelled) once a stop is requested
ContentHash file_hash(const std::filesystem::path& path, const StopToken& stop = {});

/// What `hex()` wrote; all zeros if it is something else.
ContentHash content_hash_of_hex(std::string_view hex);

}  // namespace sbert
