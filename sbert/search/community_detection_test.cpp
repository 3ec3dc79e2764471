#include "sbert/search/community_detection.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

std::vector<std::vector<std::int64_t>> detect(const FloatMatrix& embeddings,
                                              const CommunityOptions& options) {
  const WorkerPool pool(2);
  return detect_communities(embeddings, options, {pool});
}

TEST(DetectCommunities, RefusesWrongOptionsAndTakesNoRows) {
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { detect({}, {.min_size = 0}); }),
            "the least size must be at least 1: 0");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { detect({}, {.threshold = std::nan("")}); }),
            "threshold must be from -1 to 1: nan");
  EXPECT_THAT(detect({}, {}), testing::IsEmpty());
}

TEST(DetectCommunities, FewerRowsThanTheLeastSizeAreNone) {
  FloatMatrix same(4, 1);
  same.values = {1, 2, 3, 4};
  EXPECT_THAT(detect(same, {.min_size = 5}), testing::IsEmpty());
  EXPECT_THAT(detect(same, {.min_size = 4}),
              testing::ElementsAre(testing::ElementsAre(0, 1, 2, 3)));
}

TEST(DetectCommunities, StopsWhenAsked) {
  const WorkerPool pool(1);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled,
             [&] { detect_communities(FloatMatrix(2, 1), {.min_size = 1}, {pool, stop.token()}); });
}

}  // namespace
}  // namespace sbert
