#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sbert {

/// Rounds the weights of one output to 8 bits: weights[i] is about scale * rounded[i], each of them
/// in [-127, 127]. Where `max_pair` is below 254, weights i and i + distance, for each i whose
/// i / distance is even, have magnitudes that together are no more than it; of a few scales the one
/// with the least squared error is taken, since a large scale rounds coarsely and a small one cuts
/// pairs of large weights.
/// @return the scale, 0 if all weights are 0, NaN if one is not finite
float quantize_weights(std::span<const float> weights,
                       std::int32_t max_pair,
                       std::size_t distance,
                       std::span<std::int8_t> rounded);

}  // namespace sbert
