#include "sbert/kernels/weight_quantization.h"

#include <algorithm>
#include <cmath>

namespace sbert {
namespace {

constexpr std::int32_t kMaxWeight = 127;

// Moves both towards 0, alike, until their magnitudes are no more than `most` together.
void cut_pair(std::int8_t& a, std::int8_t& b, std::int32_t most) {
  const auto toward_zero = [](std::int8_t& value, std::int32_t by) {
    const std::int32_t cut = std::min<std::int32_t>(std::abs(value), by);
    value = static_cast<std::int8_t>(value < 0 ? value + cut : value - cut);
    return by - cut;
  };
  const std::int32_t excess = std::abs(a) + std::abs(b) - most;
  if (excess <= 0) return;
  const std::int32_t left = toward_zero(a, excess / 2);
  toward_zero(a, toward_zero(b, excess - excess / 2 + left));
}

void round_weights(std::span<const float> weights,
                   float factor,
                   std::int32_t max_pair,
                   std::size_t distance,
                   std::span<std::int8_t> rounded) {
  for (std::size_t i = 0; i < weights.size(); ++i)
    rounded[i] = static_cast<std::int8_t>(std::nearbyint(weights[i] * factor));
  if (max_pair >= 2 * kMaxWeight) return;
  for (std::size_t i = 0; i + distance < weights.size(); ++i) {
    if (i / distance % 2 == 0) cut_pair(rounded[i], rounded[i + distance], max_pair);
  }
}

double squared_error(std::span<const float> weights,
                     float scale,
                     std::span<const std::int8_t> rounded) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float error = weights[i] - scale * static_cast<float>(rounded[i]);
    sum += static_cast<double>(error) * error;
  }
  return sum;
}

}  // namespace

float quantize_weights(std::span<const float> weights,
                       std::int32_t max_pair,
                       std::size_t distance,
                       std::span<std::int8_t> rounded) {
  float largest = 0;
  for (const float weight : weights) {
    // No 8 bits stand for it: the output shall not look like a number.
    if (!std::isfinite(weight)) {
      std::ranges::fill(rounded, std::int8_t{0});
      return NAN;
    }
    largest = std::max(largest, std::abs(weight));
  }
  const auto factor = [&](std::int32_t limit) {
    return largest > 0 ? static_cast<float>(limit) / largest : 0.0F;
  };
  std::int32_t best_limit = kMaxWeight;
  if (max_pair < 2 * kMaxWeight) {
    double least = HUGE_VAL;
    for (const std::int32_t limit : {127, 115, 103, 91, 79, 64}) {
      round_weights(weights, factor(limit), max_pair, distance, rounded);
      const double error = squared_error(weights, largest / static_cast<float>(limit), rounded);
      if (error >= least) continue;
      least = error;
      best_limit = limit;
    }
  }
  round_weights(weights, factor(best_limit), max_pair, distance, rounded);
  return largest / static_cast<float>(best_limit);
}

}  // namespace sbert
