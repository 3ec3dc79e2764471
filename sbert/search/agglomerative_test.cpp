#include "sbert/search/agglomerative.h"

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(AgglomerativeClusters, RefusesWhatItCannotJoin) {
  const WorkerPool pool(1);
  const FloatMatrix points(2, 1);
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [&] { agglomerative_clusters(points, Linkage::kWard, 0, {pool}); }),
            "the number of clusters must be at least 1: 0");
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [&] { agglomerative_clusters(points, Linkage::kWard, 3, {pool}); }),
            "more clusters than texts: 3, 2");
  const FloatMatrix many(kMaxAgglomerativePoints + 1, 1);
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [&] { agglomerative_clusters(many, Linkage::kWard, 2, {pool}); }),
            "too many texts to join pair by pair, at most 25000: 25001");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { parse_enum<Linkage>("linkage", "single"); }),
            "linkage must be one of ward, average, complete: single");
}

TEST(AgglomerativeClusters, AreNumberedByTheirFirstPoint) {
  const WorkerPool pool(1);
  FloatMatrix points(5, 1);
  points.values = {9, 0, 9.5F, 0.5F, 20};
  for (const Linkage linkage : {Linkage::kWard, Linkage::kAverage, Linkage::kComplete}) {
    EXPECT_THAT(agglomerative_clusters(points, linkage, 3, {pool}),
                testing::ElementsAre(0, 1, 0, 1, 2));
  }
}

TEST(AgglomerativeClusters, StopWhenAsked) {
  const WorkerPool pool(1);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled, [&] {
    agglomerative_clusters(FloatMatrix(2, 1), Linkage::kWard, 1, {pool, stop.token()});
  });
}

}  // namespace
}  // namespace sbert
