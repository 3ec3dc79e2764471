#include "sbert/data/python_random.h"

#include <bit>
#include <numeric>
#include <utility>

namespace sbert {
namespace {

constexpr std::size_t kSize = 624;
constexpr std::size_t kShift = 397;
constexpr std::uint32_t kUpperBit = 0x80000000U;
constexpr std::uint32_t kLowerBits = 0x7FFFFFFFU;

constexpr std::uint32_t scrambled(std::uint32_t previous) {
  return previous ^ (previous >> 30);
}

}  // namespace

// init_by_array() of the reference mt19937ar.c, with a key of one word.
PythonRandom::PythonRandom(std::uint32_t seed) : state_{} {
  state_[0] = 19'650'218U;
  for (std::uint32_t i = 1; i < kSize; ++i) {
    state_[i] = 1'812'433'253U * scrambled(state_[i - 1]) + i;
  }
  std::size_t at = 1;
  const auto step = [&] {
    if (++at < kSize) return;
    state_[0] = state_[kSize - 1];
    at = 1;
  };
  for (std::size_t count = 0; count < kSize; ++count) {
    state_[at] = (state_[at] ^ (scrambled(state_[at - 1]) * 1'664'525U)) + seed;
    step();
  }
  for (std::size_t count = 0; count + 1 < kSize; ++count) {
    state_[at] = (state_[at] ^ (scrambled(state_[at - 1]) * 1'566'083'941U)) -
                 static_cast<std::uint32_t>(at);
    step();
  }
  state_[0] = kUpperBit;
}

void PythonRandom::refill() {
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::uint32_t mixed = (state_[i] & kUpperBit) | (state_[(i + 1) % kSize] & kLowerBits);
    state_[i] = state_[(i + kShift) % kSize] ^ (mixed >> 1) ^ (mixed % 2 * 0x9908B0DFU);
  }
  used_ = 0;
}

std::uint32_t PythonRandom::next_32_bits() {
  if (used_ == kSize) refill();
  std::uint32_t value = state_[used_++];
  value ^= value >> 11;
  value ^= (value << 7) & 0x9D2C5680U;
  value ^= (value << 15) & 0xEFC60000U;
  return value ^ (value >> 18);
}

// Python fills a number from its low word up, and takes the high bits of the last word.
std::uint64_t PythonRandom::next_bits(int count) {
  if (count <= 32) return next_32_bits() >> (32 - count);
  const std::uint64_t low = next_32_bits();
  const std::uint64_t high = next_32_bits() >> (64 - count);
  return high << 32 | low;
}

std::uint64_t PythonRandom::next_below(std::uint64_t bound) {
  const auto bits = static_cast<int>(std::bit_width(bound));
  std::uint64_t value = next_bits(bits);
  while (value >= bound)
    value = next_bits(bits);
  return value;
}

std::vector<std::uint32_t> python_shuffle(std::uint32_t size, std::uint32_t seed) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  PythonRandom random(seed);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.next_below(i)]);
  }
  return order;
}

}  // namespace sbert
