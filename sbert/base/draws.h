#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "sbert/base/random.h"

namespace sbert {

/// A row of random numbers that depends on the key alone: the same on every machine.
class Draws {
 public:
  explicit Draws(std::uint64_t key) : key_(key) {}

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(derive_key(key_, count_++) >> 11) * 0x1p-53; }
  /// Uniform in [0, n).
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(uniform() * static_cast<double>(n));
  }
  /// `count` of the numbers [0, n), no two equal, in random order; all of them if n is less.
  std::vector<std::int64_t> sample(std::int64_t n, std::int64_t count) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    count = count < n ? count : n;
    for (std::int64_t i = 0; i < count; ++i) {
      std::swap(numbers[static_cast<std::size_t>(i)],
                numbers[static_cast<std::size_t>(i + below(n - i))]);
    }
    numbers.resize(static_cast<std::size_t>(count));
    return numbers;
  }

 private:
  std::uint64_t key_;
  std::uint64_t count_ = 0;
};

}  // namespace sbert
