#include "sbert/base/random.h"

#include <set>

#include <gtest/gtest.h>

namespace sbert {
namespace {

// The first numbers of the public SplitMix64 generator with seed 1234567: its state grows by the
// constant that mix() adds.
TEST(Mix, IsSplitMix64) {
  constexpr std::uint64_t kSeed = 1'234'567;
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
  EXPECT_EQ(mix(kSeed), 6'457'827'717'110'365'317ULL);
  EXPECT_EQ(mix(kSeed + kStep), 3'203'168'211'198'807'973ULL);
  EXPECT_EQ(mix(kSeed + 2 * kStep), 9'817'491'932'198'370'423ULL);
}

TEST(DeriveKey, DependsOnEachPartAndTheirOrder) {
  std::set<std::uint64_t> keys = {derive_key(1),       derive_key(1, 2),    derive_key(2, 1),
                                  derive_key(1, 2, 3), derive_key(1, 3, 2), derive_key(1, 2, 0),
                                  derive_key(0, 0),    derive_key(0, 0, 0)};
  EXPECT_EQ(keys.size(), 8U);
  EXPECT_EQ(derive_key(1, 2, 3), derive_key(1, 2, 3));
}

TEST(DeriveKey, SignedAndUnsignedPartsAreTheSame) {
  EXPECT_EQ(derive_key(5, 7), derive_key(5, std::int64_t{7}));
  EXPECT_EQ(derive_key(5, 7), derive_key(5, std::size_t{7}));
}

}  // namespace
}  // namespace sbert
