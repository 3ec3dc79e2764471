#include "sbert/embed/content_hash.h"

#include <charconv>
#include <memory>

// The library's own way to be compiled into this file, so that nothing is left to link.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sbert/base/files.h"

namespace sbert {
namespace {

constexpr std::size_t kPieceBytes = 16U << 20;
constexpr std::size_t kDigits = 16;  // of each half

ContentHash of(XXH128_hash_t hash) {
  return {hash.high64, hash.low64};
}

std::string hex_digits(std::uint64_t value) {
  char digits[kDigits];
  const auto end = std::to_chars(digits, digits + kDigits, value, 16).ptr;
  const auto count = static_cast<std::size_t>(end - digits);
  return std::string(kDigits - count, '0') + std::string(digits, count);
}

}  // namespace

std::string ContentHash::hex() const {
  return hex_digits(high) + hex_digits(low);
}

ContentHash content_hash_of_hex(std::string_view hex) {
  if (hex.size() != 2 * kDigits) return {};
  ContentHash hash;
  for (auto [half, first] :
       {std::pair{&hash.high, hex.data()}, {&hash.low, hex.data() + kDigits}}) {
    if (std::from_chars(first, first + kDigits, *half, 16).ptr != first + kDigits) return {};
  }
  return hash;
}

ContentHash content_hash(std::string_view bytes) {
  return of(XXH3_128bits(bytes.data(), bytes.size()));
}

std::uint64_t checksum(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

ContentHash file_hash(const std::filesystem::path& path, const StopToken& stop) {
  const MappedFile file(path);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (std::string_view rest = file.bytes(); !rest.empty();) {
    stop.throw_if_stopped();
    const std::string_view piece = rest.substr(0, kPieceBytes);
    XXH3_128bits_update(state.get(), piece.data(), piece.size());
    rest.remove_prefix(piece.size());
  }
  return of(XXH3_128bits_digest(state.get()));
}

}  // namespace sbert
