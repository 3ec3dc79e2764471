#include "sbert/kernels/weight_quantization.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

std::vector<float> normal_weights(std::size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> value(0, 0.1F);
  std::vector<float> weights(count);
  for (float& each : weights)
    each = value(random);
  return weights;
}

double relative_error(const std::vector<float>& weights,
                      float scale,
                      const std::vector<std::int8_t>& rounded) {
  double error = 0;
  double size = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double difference = weights[i] - static_cast<double>(scale) * rounded[i];
    error += difference * difference;
    size += static_cast<double>(weights[i]) * weights[i];
  }
  return std::sqrt(error / size);
}

TEST(QuantizeWeights, EachIsRoundedToTheNearestStep) {
  const std::vector<float> weights = normal_weights(384);
  std::vector<std::int8_t> rounded(384);
  const float scale = quantize_weights(weights, 254, 16, rounded);
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_LE(std::abs(weights[i] - scale * rounded[i]), 0.5001F * scale);
}

// What keeps the 16-bit sums of AVX2 from saturating.
TEST(QuantizeWeights, PairsAreHeldBelowTheirLimitWithLessErrorThanSevenBits) {
  for (const std::size_t count : {std::size_t{384}, std::size_t{1'536}, std::size_t{37}}) {
    for (const std::size_t distance : {std::size_t{8}, std::size_t{16}}) {
      const std::vector<float> weights = normal_weights(count);
      std::vector<std::int8_t> rounded(count);
      const float scale = quantize_weights(weights, 128, distance, rounded);
      for (std::size_t i = 0; i + distance < count; ++i) {
        if (i / distance % 2 == 0) {
          EXPECT_LE(std::abs(rounded[i]) + std::abs(rounded[i + distance]), 128);
        }
      }
      std::vector<std::int8_t> seven_bits(count);
      for (std::size_t i = 0; i < count; ++i)
        seven_bits[i] = static_cast<std::int8_t>(2 * std::rint(weights[i] / scale / 2));
      EXPECT_LT(relative_error(weights, scale, rounded),
                relative_error(weights, scale, seven_bits));
    }
  }
}

TEST(QuantizeWeights, WhereAllAreLargePairsOfSixtyFourAreTheBest) {
  const std::vector<float> weights(32, -0.5F);
  std::vector<std::int8_t> rounded(32);
  EXPECT_FLOAT_EQ(quantize_weights(weights, 128, 16, rounded), 0.5F / 64);
  EXPECT_EQ(rounded, std::vector<std::int8_t>(32, -64));
}

TEST(QuantizeWeights, AWeightThatIsNotFiniteMakesTheScaleNoNumber) {
  for (const float wrong : {NAN, INFINITY, -INFINITY}) {
    std::vector<std::int8_t> rounded(3, 1);
    EXPECT_TRUE(std::isnan(quantize_weights(std::vector<float>{1, wrong, 2}, 254, 16, rounded)));
    EXPECT_EQ(rounded, std::vector<std::int8_t>(3, 0));
  }
}

TEST(QuantizeWeights, ZerosStayZeros) {
  std::vector<std::int8_t> rounded(4, 1);
  EXPECT_EQ(quantize_weights(std::vector<float>(4, 0.0F), 254, 16, rounded), 0.0F);
  EXPECT_EQ(rounded, std::vector<std::int8_t>(4, 0));
}

}  // namespace
}  // namespace sbert
