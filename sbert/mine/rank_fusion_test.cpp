#include "sbert/mine/rank_fusion.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

std::vector<std::int64_t> rows(const std::vector<Hit>& hits) {
  std::vector<std::int64_t> result;
  for (const Hit& hit : hits)
    result.push_back(hit.row);
  return result;
}

TEST(FuseRanks, AddsReciprocalRanks) {
  const std::vector<Hit> a{{7, 0.9F}, {3, 0.8F}, {5, 0.1F}};
  const std::vector<Hit> b{{3, 12}, {8, 11}};
  const std::vector<Hit> fused = fuse_ranks(a, b, 10);
  EXPECT_THAT(rows(fused), testing::ElementsAre(3, 7, 8, 5));
  EXPECT_FLOAT_EQ(fused[0].score, 1.0F / 62 + 1.0F / 61);
  EXPECT_FLOAT_EQ(fused[1].score, 1.0F / 61);
  EXPECT_THAT(rows(fuse_ranks(a, b, 2)), testing::ElementsAre(3, 7));
}

TEST(FuseRanks, OrdersEqualScoresByRow) {
  const std::vector<Hit> a{{9, 1}};
  const std::vector<Hit> b{{4, 1}};
  EXPECT_THAT(rows(fuse_ranks(a, b, 5)), testing::ElementsAre(4, 9));
}

TEST(FuseRanks, OfOneListKeepsItsOrder) {
  const std::vector<Hit> a{{9, 1}, {2, 0.5F}};
  EXPECT_THAT(rows(fuse_ranks(a, {}, 5)), testing::ElementsAre(9, 2));
  EXPECT_THAT(fuse_ranks({}, {}, 5), testing::IsEmpty());
}

}  // namespace
}  // namespace sbert
