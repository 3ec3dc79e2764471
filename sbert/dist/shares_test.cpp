#include "sbert/dist/shares.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

TEST(Shares, HaveEachElementOnceInTheOrderOfTheRanks) {
  for (const std::int64_t n : {0, 1, 3, 4, 5, 12, 1000}) {
    for (const int size : {1, 2, 3, 4, 7}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Range range = share(n, rank, size);
        EXPECT_EQ(range.first, next);
        EXPECT_LE(range.size, (n + size - 1) / size);
        next += range.size;
      }
      EXPECT_EQ(next, n) << "by " << size;
    }
  }
}

TEST(Shares, ARowHasThoseOfOneRank) {
  const std::vector<Tensor> tensors{at::arange(6).view({2, 3}).t(), at::arange(10, 15),
                                    at::full({}, 20L)};
  const Tensor rows = rows_of_shares(tensors, 3);
  EXPECT_TRUE(rows.equal(
      at::tensor({0, 3, 10, 11, 20, 1, 4, 12, 13, 0, 2, 5, 14, 0, 0}, at::kLong).view({3, 5})));
  for (int rank = 0; rank < 3; ++rank) {
    const std::vector<Tensor> shares = shares_in_row(rows[rank], {6, 5, 1}, rank, 3);
    ASSERT_EQ(shares.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      const Range range = share(tensors[i].numel(), rank, 3);
      EXPECT_TRUE(shares[i].equal(elements(tensors[i].contiguous(), range)));
    }
  }
}

}  // namespace
}  // namespace sbert
