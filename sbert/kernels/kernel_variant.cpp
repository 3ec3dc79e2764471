// Compiled once for each instruction set: SBERT_VARIANT_NAME is its name, SBERT_VARIANT_TABLE the
// function that gives its kernels.

#include "sbert/kernels/attention.h"
#include "sbert/kernels/attention_gradient.h"
#include "sbert/kernels/kernels.h"
#include "sbert/kernels/simd.h"

namespace sbert {
namespace {

template <typename Real>
void dropout(const Real* x, Real* out, std::int64_t count, double rate, std::uint64_t key) {
  const std::uint32_t threshold = dropout_threshold(rate);
  const Real keep = static_cast<Real>(1.0 / (1.0 - rate));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    // The high half of the index goes into the key, so that no sequence is too long.
    const std::uint64_t block_key = key ^ (index >> 32 << 32);
    const bool kept = random_bits(static_cast<std::uint32_t>(index), block_key) >= threshold;
    out[i] = kept ? x[i] * keep : Real(0);
  }
}

// The sum of of_vector(i), which has the terms of i and the lanes after it, and of of_value(i) for
// the rest of [0, count). Four sums at a time, since an addition takes several cycles.
template <typename Real, typename OfVector, typename OfValue>
Real sum_of(std::int64_t count, const OfVector& of_vector, const OfValue& of_value) {
  using V = Simd<Real>;
  constexpr std::int64_t kSums = 4;
  typename V::Vector sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums * V::kLanes <= count; i += kSums * V::kLanes) {
    for (std::int64_t s = 0; s < kSums; ++s)
      sums[s] += of_vector(i + s * V::kLanes);
  }
  Real rest = 0;
  for (; i < count; ++i)
    rest += of_value(i);
  return V::sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

template <typename Real>
Real dot(const Real* a, const Real* b, std::int64_t count) {
  using V = Simd<Real>;
  return sum_of<Real>(
      count, [&](std::int64_t i) { return V::load(a + i) * V::load(b + i); },
      [&](std::int64_t i) { return a[i] * b[i]; });
}

// Zero times a number is zero, and times infinity or NaN it is NaN, which stays in the sum.
template <typename Real>
bool all_finite(const Real* values, std::int64_t count) {
  using V = Simd<Real>;
  return sum_of<Real>(
             count, [&](std::int64_t i) { return V::load(values + i) * Real(0); },
             [&](std::int64_t i) { return values[i] * 0; }) == 0;
}

template <typename Real>
Kernels<Real> table() {
  return {.name = SBERT_VARIANT_NAME,
          .attention = attention<Real>,
          .attention_scratch = attention_scratch<Real>,
          .attention_gradient = attention_gradient<Real>,
          .attention_gradient_scratch = attention_gradient_scratch<Real>,
          .dropout = dropout<Real>,
          .dot = dot<Real>,
          .all_finite = all_finite<Real>};
}

}  // namespace

Kernels<float> SBERT_VARIANT_TABLE();
Kernels<float> SBERT_VARIANT_TABLE() {
  return table<float>();
}

#ifdef SBERT_VARIANT_DOUBLE
Kernels<double> generic_double_kernels();
Kernels<double> generic_double_kernels() {
  return table<double>();
}
#endif

}  // namespace sbert
