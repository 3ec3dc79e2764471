#pragma once

#include <cstdint>

#include "sbert/kernels/inference_simd.h"

// Which of many scores are above a threshold of their own: nearly none.

namespace sbert {
namespace {

constexpr std::int64_t kFilterVectors = 4;  // whose comparisons share one branch
constexpr std::int64_t kFilterStep = kFilterVectors * kLanes;

inline bool has_bit(IntVector v) {
  std::uint64_t words[SBERT_VECTOR_BYTES / sizeof(std::uint64_t)];
  __builtin_memcpy(words, &v, sizeof v);
  std::uint64_t bits = 0;
  for (const std::uint64_t word : words)
    bits |= word;
  return bits != 0;
}

std::int64_t find_above(const float* scores,
                        const float* thresholds,
                        std::int64_t count,
                        std::int32_t* found) {
  std::int64_t num_found = 0;
  for (std::int64_t begin = 0; begin < count; begin += kFilterStep) {
    const std::int64_t end = begin + kFilterStep < count ? begin + kFilterStep : count;
    if (end - begin == kFilterStep) {
      IntVector above = {};
      for (std::int64_t i = begin; i < end; i += kLanes)
        above |= ~(Simd<float>::load(scores + i) <= Simd<float>::load(thresholds + i));
      if (!has_bit(above)) continue;
    }
    for (std::int64_t i = begin; i < end; ++i) {
      found[num_found] = static_cast<std::int32_t>(i);
      num_found += !(scores[i] <= thresholds[i]);
    }
  }
  return num_found;
}

}  // namespace
}  // namespace sbert
