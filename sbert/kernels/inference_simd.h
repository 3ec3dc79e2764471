#pragma once

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/simd.h"

// What the inference kernels share: parts of rows, and the activations on vectors.

namespace sbert {
namespace {

using FloatVector = Simd<float>::Vector;

constexpr std::int64_t kLanes = Simd<float>::kLanes;
constexpr std::int64_t kPanelColumns = 2 * kLanes;  // outputs that a packed panel holds

/// The first `count` values, zeros beyond; none if it is negative.
inline FloatVector load_some(const float* from, std::int64_t count) {
  if (count >= kLanes) return Simd<float>::load(from);
  FloatVector v = {};
  for (std::int64_t i = 0; i < count; ++i)
    v[i] = from[i];
  return v;
}

inline void store_some(float* to, FloatVector v, std::int64_t count) {
  if (count >= kLanes) {
    Simd<float>::store(to, v);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = v[i];
}

/// x Phi(x) (Hendrycks and Gimpel, 2016) as max(x, 0) - h(|x|), where h(t) = t Phi(-t) has no
/// cancellation: t e^(-t^2 / 2) times a polynomial fitted on [0, 6] for the least error of h, 5e-8.
/// Beyond 6, h is below 1e-8.
inline FloatVector gelu(FloatVector x) {
  const FloatVector magnitude = Simd<float>::larger(x, -x);
  const FloatVector t = magnitude < 6.0F ? magnitude : Simd<float>::fill(6.0F);
  FloatVector p = t * 9.07943994e-07F - 2.18751795e-05F;
  p = p * t + 0.000236165226F;
  p = p * t - 0.00153120773F;
  p = p * t + 0.00679176589F;
  p = p * t - 0.0224604033F;
  p = p * t + 0.0592929901F;
  p = p * t - 0.131390086F;
  p = p * t + 0.249538978F;
  p = p * t - 0.398875683F;
  p = p * t + 0.499996666F;
  const FloatVector h = t * p * exp_nonpositive(t * t * -0.5F);
  return Simd<float>::larger(FloatVector{}, x) - h;  // NaN of NaN
}

inline FloatVector gelu_tanh(FloatVector x) {
  const FloatVector u = 0.79788456080286536F * (x + 0.044715F * x * x * x);
  const FloatVector e = exp_nonpositive(-2.0F * Simd<float>::larger(u, -u));
  const FloatVector magnitude = (1.0F - e) / (1.0F + e);
  const FloatVector tanh = u < 0.0F ? -magnitude : magnitude;
  return 0.5F * x * (1.0F + tanh);
}

inline FloatVector activated(Epilogue epilogue, FloatVector x) {
  switch (epilogue) {
    case Epilogue::kNone:
      return x;
    case Epilogue::kGelu:
      return gelu(x);
    case Epilogue::kGeluTanh:
      return gelu_tanh(x);
    case Epilogue::kRelu:
      return Simd<float>::larger(FloatVector{}, x);  // NaN of NaN
  }
  return x;
}

}  // namespace
}  // namespace sbert
