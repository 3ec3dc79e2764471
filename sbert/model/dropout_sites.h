#pragma once

#include <cstdint>
#include <optional>

#include "sbert/model/packed_attention.h"

namespace sbert {

/// Which random numbers a training forward pass draws for dropout: the same key, the same masks,
/// so that a pass can be repeated. Each place that drops derives its own key from it. A part of a
/// batch says where it begins in the whole, and draws the masks that it has there.
struct DropoutKey {
  std::uint64_t value = 0;
  std::int64_t first_token = 0;
  std::int64_t first_sequence = 0;
};

/// Numbers the places where a pass may drop values, in the order in which it comes to them. A copy
/// goes on from the same place.
class DropoutSites {
 public:
  /// @param key nullopt: nothing is dropped
  explicit DropoutSites(std::optional<DropoutKey> key) : key_(key) {}

  /// The next place, where elements of a tensor [T, width] are dropped.
  DropoutSite next_elements(double rate, std::int64_t width);
  /// The next place, where attention weights are dropped.
  DropoutSite next_attention(double rate);
  /// Passes over places.
  void skip(int count) { next_ += count; }

 private:
  std::optional<DropoutKey> key_;
  int next_ = 0;
};

}  // namespace sbert
