#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "sbert/kernels/inference_simd.h"

// Which of many scores are above a threshold of their own: nearly none.

namespace sbert {
namespace {

constexpr std::int64_t kFilterVectors = 4;  // whose comparisons share one branch
constexpr std::int64_t kFilterStep = kFilterVectors * kLanes;

inline bool has_bit(IntVector v) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)v, (__m512i)v) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256((__m256i)v, (__m256i)v) == 0;
#else
  std::uint64_t words[SBERT_VECTOR_BYTES / sizeof(std::uint64_t)];
  __builtin_memcpy(words, &v, sizeof v);
  std::uint64_t bits = 0;
  for (const std::uint64_t word : words)
    bits |= word;
  return bits != 0;
#endif
}

// All bits of each lane whose score is not at or below its threshold.
inline IntVector lanes_above(const float* scores, const float* thresholds) {
  return ~(Simd<float>::load(scores) <= Simd<float>::load(thresholds));
}

std::int64_t find_above(const float* scores,
                        const float* thresholds,
                        std::int64_t count,
                        std::int32_t* found) {
  std::int64_t num_found = 0;
  const auto look_at = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (!(scores[i] <= thresholds[i])) found[num_found++] = static_cast<std::int32_t>(i);
    }
  };
  std::int64_t begin = 0;
  for (; begin + kFilterStep <= count; begin += kFilterStep) {
    IntVector above = {};
    for (std::int64_t i = begin; i < begin + kFilterStep; i += kLanes)
      above |= lanes_above(scores + i, thresholds + i);
    if (!has_bit(above)) continue;
    for (std::int64_t i = begin; i < begin + kFilterStep; i += kLanes) {
      if (has_bit(lanes_above(scores + i, thresholds + i))) look_at(i, i + kLanes);
    }
  }
  look_at(begin, count);
  return num_found;
}

}  // namespace
}  // namespace sbert
