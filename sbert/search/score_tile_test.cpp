#include "sbert/search/score_tile.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

std::int64_t bytes_of(const ScoreTile& tile) {
  return 4 * tile.queries * tile.rows;
}

TEST(ScoreTile, WithoutABoundDoesNotDependOnTheThreads) {
  EXPECT_EQ(bytes_of(score_tile(0, 1)), bytes_of(score_tile(0, 64)));
  EXPECT_EQ(bytes_of(score_tile(std::int64_t{1} << 40, 64)), bytes_of(score_tile(0, 1)));
}

TEST(ScoreTile, OfAllThreadsFitTheMemory) {
  for (const int threads : {1, 2, 7, 64}) {
    for (std::int64_t memory = 64 * 1'024; memory <= 64 << 20; memory *= 2) {
      const ScoreTile tile = score_tile(memory, threads);
      EXPECT_LE(threads * bytes_of(tile), memory);
      EXPECT_GE(tile.queries, 8);
      EXPECT_GE(tile.rows, 8);
    }
  }
}

TEST(ScoreTile, TakesMoreThanAQuarterOfATightMemory) {
  for (const std::int64_t memory : {1'000, 5'000, 100'000}) {
    EXPECT_LE(bytes_of(score_tile(memory, 1)), memory);
    EXPECT_GT(4 * bytes_of(score_tile(memory, 1)), memory);
  }
}

TEST(ScoreTile, HasALeastSize) {
  EXPECT_EQ(score_tile(1, 1).queries, 8);
  EXPECT_EQ(score_tile(1, 1).rows, 8);
}

}  // namespace
}  // namespace sbert
