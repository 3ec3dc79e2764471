#pragma once

#include <cstdint>

namespace sbert {

// Counter-based randomness: a number is a function of a key and a counter, never of what was drawn
// before. So a step that is repeated draws the same numbers, whatever ran in between.

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, OOPSLA 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// A key made of several numbers, in this order: derive_key(seed, step, micro_batch).
template <typename... Parts>
constexpr std::uint64_t derive_key(std::uint64_t seed, Parts... parts) {
  std::uint64_t key = mix(seed);
  ((key = mix(key ^ static_cast<std::uint64_t>(parts))), ...);
  return key;
}

}  // namespace sbert
