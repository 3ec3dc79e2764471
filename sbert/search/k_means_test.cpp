#include "sbert/search/k_means.h"

#include <map>

#include <gmock/gmock.h>

#include "sbert/base/draws.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

// `groups` round clouds of points, far from each other.
FloatMatrix clouds(std::int64_t groups, std::int64_t points) {
  FloatMatrix matrix(groups * points, 3);
  Draws draws(1);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::uint64_t bits = derive_key(5, i % groups, j);
      matrix.row(i)[j] = static_cast<float>(static_cast<double>(bits % 1000) + draws.uniform());
    }
  }
  return matrix;
}

std::vector<std::int64_t> group_of_points(std::int64_t groups, std::int64_t points) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < groups * points; ++i)
    result.push_back(i % groups);
  return result;
}

KMeansResult find_clusters(const FloatMatrix& points,
                           const KMeansOptions& options,
                           int threads = 2) {
  const WorkerPool pool(threads);
  return mini_batch_k_means(points, options, {pool});
}

// Whether two groupings are the same but for the groups' numbers.
bool are_the_same_groups(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  std::map<std::int64_t, std::int64_t> to_b;
  std::map<std::int64_t, std::int64_t> to_a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_b.emplace(a[i], b[i]).first->second != b[i]) return false;
    if (to_a.emplace(b[i], a[i]).first->second != a[i]) return false;
  }
  return a.size() == b.size();
}

TEST(MiniBatchKMeans, FindsCloudsThatAreApart) {
  const FloatMatrix points = clouds(12, 40);
  const KMeansResult found = find_clusters(points, {.clusters = 12, .batch_size = 64});
  EXPECT_TRUE(are_the_same_groups(group_of_points(12, 40), found.clusters));
  EXPECT_LT(found.inertia, static_cast<double>(points.rows));
  EXPECT_EQ(found.centers.rows, 12);
}

TEST(MiniBatchKMeans, TheSameSeedGivesTheSameClustersOnAnyThreads) {
  const FloatMatrix points = clouds(3, 400);
  const KMeansOptions options{.clusters = 7, .batch_size = 600, .restarts = 2, .seed = 3};
  const KMeansResult found = find_clusters(points, options, 1);
  for (const int threads : {1, 4}) {
    const KMeansResult again = find_clusters(points, options, threads);
    EXPECT_EQ(again.clusters, found.clusters);
    EXPECT_EQ(again.centers.values, found.centers.values);
    EXPECT_EQ(again.inertia, found.inertia);
  }
}

TEST(MiniBatchKMeans, StopsWhenAsked) {
  const WorkerPool pool(2);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled,
             [&] { mini_batch_k_means(clouds(3, 60), {.clusters = 3}, {pool, stop.token()}); });
}

TEST(MiniBatchKMeans, AsManyClustersAsPointsLeavesNoDistance) {
  const FloatMatrix points = clouds(4, 2);
  EXPECT_NEAR(find_clusters(points, {.clusters = 8}).inertia, 0, 1e-6);
}

TEST(MiniBatchKMeans, EqualPointsShareOneCenter) {
  FloatMatrix points(5, 2);
  const KMeansResult found = find_clusters(points, {.clusters = 2});
  EXPECT_EQ(found.inertia, 0);
  EXPECT_THAT(found.clusters, testing::Each(found.clusters[0]));
}

TEST(MiniBatchKMeans, RefusesWrongOptions) {
  const FloatMatrix points(3, 2);
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { find_clusters(points, {.clusters = 4}); }),
            "more clusters than texts: 4, 3");
  for (const KMeansOptions& options :
       {KMeansOptions{.clusters = 0}, {.batch_size = 0}, {.max_epochs = 0}, {.restarts = 0}}) {
    EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { find_clusters(points, options); }),
              "clusters, batch size, epochs and restarts must be at least 1");
  }
}

}  // namespace
}  // namespace sbert
