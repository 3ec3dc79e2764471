#include "sbert/data/python_random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

using testing::ElementsAre;

// A polynomial of the numbers, modulo 2^64: in Python, h = (h * 31 + x) % 2**64.
template <typename Numbers>
std::uint64_t hash_of(const Numbers& numbers) {
  std::uint64_t hash = 0;
  for (const auto number : numbers)
    hash = hash * 31 + static_cast<std::uint64_t>(number);
  return hash;
}

TEST(PythonRandom, DrawsTheBitsOfCPython) {
  PythonRandom random(42);
  EXPECT_EQ(random.next_32_bits(), 2'746'317'213U);
  EXPECT_EQ(random.next_32_bits(), 478'163'327U);
  EXPECT_EQ(random.next_32_bits(), 107'420'369U);
}

TEST(PythonRandom, GoesOnBeyondOneState) {
  PythonRandom random(42);
  std::vector<std::uint32_t> drawn;
  for (int i = 0; i < 2'000; ++i)
    drawn.push_back(random.next_32_bits());
  EXPECT_EQ(hash_of(drawn), 14092032207236291458ULL);
}

TEST(PythonRandom, DrawsBelowABoundAsRandbelow) {
  PythonRandom random(42);
  std::vector<std::uint64_t> drawn;
  for (const std::uint64_t bound :
       {1ULL, 2ULL, 3ULL, 1'000ULL, 1ULL << 32, 1ULL << 40, 1'000'000'000'000'000ULL}) {
    drawn.push_back(random.next_below(bound));
  }
  EXPECT_THAT(drawn, ElementsAre(0, 0, 2, 281, 1051802512, 191320892468, 475043098952809));
}

TEST(PythonShuffle, IsRandomShuffle) {
  EXPECT_THAT(python_shuffle(10, 42), ElementsAre(7, 3, 2, 8, 5, 6, 9, 4, 0, 1));
  EXPECT_THAT(python_shuffle(20, 42),
              ElementsAre(19, 5, 14, 4, 9, 13, 15, 18, 6, 12, 17, 10, 1, 11, 2, 16, 7, 8, 0, 3));
  EXPECT_THAT(python_shuffle(5, 0), ElementsAre(2, 1, 0, 4, 3));
  EXPECT_THAT(python_shuffle(8, 4'294'967'295U), ElementsAre(0, 6, 7, 2, 5, 4, 1, 3));
}

TEST(PythonShuffle, OfManyIsRandomShuffle) {
  const std::vector<std::uint32_t> order = python_shuffle(1'000, 42);
  EXPECT_THAT(std::vector(order.begin(), order.begin() + 5), ElementsAre(776, 507, 895, 922, 33));
  EXPECT_THAT(std::vector(order.end() - 5, order.end()), ElementsAre(281, 759, 25, 114, 654));
  EXPECT_EQ(hash_of(order), 7738188699011084976ULL);
  EXPECT_EQ(hash_of(python_shuffle(100'003, 7)), 10385017841035334241ULL);
}

TEST(PythonShuffle, OfNoneAndOne) {
  EXPECT_THAT(python_shuffle(0, 42), testing::IsEmpty());
  EXPECT_THAT(python_shuffle(1, 42), ElementsAre(0));
}

}  // namespace
}  // namespace sbert
