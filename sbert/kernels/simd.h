#pragma once

#include <cstdint>

// Vectors of the width that the source is compiled for (SBERT_VECTOR_BYTES), by the vector
// extensions of GCC and Clang. Everything is static: each instruction set keeps its own copy.

namespace sbert {
namespace {

template <typename Real>
struct Simd {
  static constexpr std::int64_t kLanes = SBERT_VECTOR_BYTES / sizeof(Real);
  using Vector __attribute__((vector_size(SBERT_VECTOR_BYTES))) = Real;

  static Vector load(const Real* from) {
    Vector v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  }
  static void store(Real* to, Vector v) { __builtin_memcpy(to, &v, sizeof v); }
  static Vector fill(Real x) { return x - Vector{}; }  // x + 0 is not x where x is -0
  /// Of a NaN: b.
  static Vector larger(Vector a, Vector b) { return a > b ? a : b; }

  static Real sum(Vector v) {
    Real parts[kLanes];
    store(parts, v);
    return by_halves<kLanes>(parts, [](Real a, Real b) { return a + b; });
  }
  static Real largest(Vector v) {
    Real parts[kLanes];
    store(parts, v);
    return by_halves<kLanes>(parts, [](Real a, Real b) { return a > b ? a : b; });
  }

 private:
  // Few of the operations wait for another.
  template <std::int64_t kCount, typename Operation>
  static Real by_halves(const Real* parts, const Operation& operation) {
    if constexpr (kCount == 1) {
      return parts[0];
    } else {
      Real halves[kCount / 2];
      for (std::int64_t i = 0; i < kCount / 2; ++i)
        halves[i] = operation(parts[i], parts[i + kCount / 2]);
      return by_halves<kCount / 2>(halves, operation);
    }
  }
};

using IntVector __attribute__((vector_size(SBERT_VECTOR_BYTES))) = std::int32_t;

/// e^x for x <= 0. Cephes' expf: x = n ln 2 + r, a polynomial in r, n into the exponent; within
/// 2 units in the last place, 0 below -87.3, NaN of NaN.
inline Simd<float>::Vector exp_nonpositive(Simd<float>::Vector x) {
  using Vector = Simd<float>::Vector;
  const auto is_zero = x < -87.3F;
  x = Simd<float>::larger(Simd<float>::fill(-87.3F), x);
  const IntVector n = __builtin_convertvector(x * 1.44269504088896341F - 0.5F, IntVector);
  const Vector whole = __builtin_convertvector(n, Vector);
  const Vector r = (x - whole * 0.693359375F) - whole * -2.12194440e-4F;
  Vector y = r * 1.9875691500e-4F + 1.3981999507e-3F;
  y = y * r + 8.3334519073e-3F;
  y = y * r + 4.1665795894e-2F;
  y = y * r + 1.6666665459e-1F;
  y = y * r + 5.0000001201e-1F;
  y = y * r * r + r + 1.0F;
  const IntVector power = (n + 127) << 23;
  Vector scale;
  __builtin_memcpy(&scale, &power, sizeof scale);
  const Vector result = y * scale;
  return is_zero ? Vector{} : result;
}

inline Simd<double>::Vector exp_nonpositive(Simd<double>::Vector x) {
  for (std::int64_t i = 0; i < Simd<double>::kLanes; ++i)
    x[i] = __builtin_exp(x[i]);
  return x;
}

/// 32 random bits for a counter under a 64-bit key: two rounds of Wellons' lowbias32 permutation
/// with half of the key before each. Plain 32-bit arithmetic, so that compilers vectorize it.
inline std::uint32_t random_bits(std::uint32_t counter, std::uint64_t key) {
  std::uint32_t x = counter + static_cast<std::uint32_t>(key);
  for (int round = 0; round < 2; ++round) {
    x ^= x >> 16;
    x *= 0x7FEB352DU;
    x ^= x >> 15;
    x *= 0x846CA68BU;
    x ^= x >> 16;
    x ^= round == 0 ? static_cast<std::uint32_t>(key >> 32) : 0U;
  }
  return x;
}

/// A value is dropped if its random bits are below this.
inline std::uint32_t dropout_threshold(double rate) {
  return static_cast<std::uint32_t>(rate * 4294967296.0);
}

}  // namespace
}  // namespace sbert
