#pragma once

#include <cstdint>
#include <vector>

namespace sbert {

/// Which random numbers a training forward pass draws for dropout: the same key, the same masks,
/// so that a pass can be repeated. Each place that drops derives its own key from it.
struct DropoutKey {
  std::uint64_t value = 0;
  /// [B] the number of each sequence of the batch; empty: 0, 1, 2, ... A sequence draws the masks
  /// of its number, whatever batch it is in.
  std::vector<std::int64_t> sequences{};
};

}  // namespace sbert
