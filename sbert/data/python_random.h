#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sbert {

/// The generator of Python's `random` module: the Mersenne Twister MT19937 (Matsumoto, Nishimura:
/// ACM TOMACS 8(1), 1998), seeded as random.seed(an integer) does it.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed);

  /// random.getrandbits(32)
  std::uint32_t next_32_bits();

  /// random._randbelow(bound), for a bound of at least 1: draws as many bits as the bound has until
  /// the number is below it.
  std::uint64_t next_below(std::uint64_t bound);

 private:
  std::uint64_t next_bits(int count);
  void refill();

  std::array<std::uint32_t, 624> state_;
  std::size_t used_ = 624;
};

/// What `random.seed(seed); x = list(range(size)); random.shuffle(x)` leaves in x.
std::vector<std::uint32_t> python_shuffle(std::uint32_t size, std::uint32_t seed);

}  // namespace sbert
