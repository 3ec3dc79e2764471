#include "sbert/eval/k_means.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"
#include "sbert/eval/agglomerative.h"
#include "sbert/eval/clustering_metrics.h"
#include "sbert/eval/community_detection.h"
#include "sbert/eval/draws.h"
#include "sbert/eval/lbfgs.h"
#include "sbert/eval/logistic_regression.h"
#include "sbert/eval/paraphrase_mining.h"

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

TEST(MiniBatchKMeans, FindsCloudsThatAreApart) {
  const FloatMatrix points = clouds(12, 40);
  const KMeansResult found = mini_batch_k_means(points, {.clusters = 12, .batch_size = 64});
  EXPECT_EQ(clustering_metrics(group_of_points(12, 40), found.clusters).ari, 1);
  EXPECT_LT(found.inertia, static_cast<double>(points.rows));
  EXPECT_EQ(found.centers.rows, 12);
}

TEST(MiniBatchKMeans, TheSameSeedGivesTheSameClusters) {
  const FloatMatrix points = clouds(3, 60);
  const KMeansOptions options{.clusters = 7, .batch_size = 16, .restarts = 2, .seed = 3};
  EXPECT_EQ(mini_batch_k_means(points, options).clusters,
            mini_batch_k_means(points, options).clusters);
}

TEST(MiniBatchKMeans, AsManyClustersAsPointsLeavesNoDistance) {
  const FloatMatrix points = clouds(4, 2);
  EXPECT_NEAR(mini_batch_k_means(points, {.clusters = 8}).inertia, 0, 1e-6);
}

TEST(MiniBatchKMeans, EqualPointsShareOneCenter) {
  FloatMatrix points(5, 2);
  const KMeansResult found = mini_batch_k_means(points, {.clusters = 2});
  EXPECT_EQ(found.inertia, 0);
  EXPECT_THAT(found.clusters, testing::Each(found.clusters[0]));
}

TEST(MiniBatchKMeans, RefusesWrongOptions) {
  const FloatMatrix points(3, 2);
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { mini_batch_k_means(points, {.clusters = 4}); }),
            "more clusters than texts: 4, 3");
  for (const KMeansOptions& options :
       {KMeansOptions{.clusters = 0}, {.batch_size = 0}, {.max_epochs = 0}, {.restarts = 0}}) {
    EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { mini_batch_k_means(points, options); }),
              "clusters, batch size, epochs and restarts must be at least 1");
  }
}

TEST(AgglomerativeClusters, RefusesWhatItCannotJoin) {
  const FloatMatrix points(2, 1);
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [&] { agglomerative_clusters(points, Linkage::kWard, 0); }),
      "the number of clusters must be at least 1: 0");
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [&] { agglomerative_clusters(points, Linkage::kWard, 3); }),
      "more clusters than texts: 3, 2");
  const FloatMatrix many(kMaxAgglomerativePoints + 1, 1);
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { agglomerative_clusters(many, Linkage::kWard, 2); }),
            "too many texts to join pair by pair, at most 25000: 25001");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { parse_linkage("single"); }),
            "linkage must be ward, average or complete: single");
}

TEST(DetectCommunities, RefusesWrongOptionsAndTakesNoRows) {
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { detect_communities({}, {.min_size = 0}); }),
            "the least size must be at least 1: 0");
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [] { detect_communities({}, {.threshold = std::nan("")}); }),
      "threshold must be from -1 to 1: nan");
  EXPECT_THAT(detect_communities({}, {}), testing::IsEmpty());
}

TEST(DetectCommunities, FewerRowsThanTheLeastSizeAreNone) {
  FloatMatrix same(4, 1);
  same.values = {1, 2, 3, 4};
  EXPECT_THAT(detect_communities(same, {.min_size = 5}), testing::IsEmpty());
  EXPECT_THAT(detect_communities(same, {.min_size = 4}),
              testing::ElementsAre(testing::ElementsAre(0, 1, 2, 3)));
}

TEST(MineParaphrases, RefusesWrongOptionsAndTakesNoRows) {
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { mine_paraphrases({}, {.neighbours = 0}); }),
            "neighbours and pairs must be at least 1: 0, 500000");
  EXPECT_THAT(mine_paraphrases({}, {}), testing::IsEmpty());
}

TEST(ParaphraseMetrics, PairsOfTheSameScoreAreTakenTogether) {
  const std::vector<ScoredRows> mined{{0, 1, 0.9F}, {0, 2, 0.5F}, {1, 2, 0.5F}, {2, 3, 0.1F}};
  const ParaphraseMetrics metrics = paraphrase_metrics(mined, {true, false, true, false}, 2);
  EXPECT_DOUBLE_EQ(metrics.average_precision, (1.0 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(metrics.f1, 0.8);
  EXPECT_DOUBLE_EQ(metrics.recall, 1);
  EXPECT_NEAR(metrics.threshold, 0.3, 1e-7);
}

TEST(Minimize, FindsTheMinimumOfRosenbrocksValley) {
  const Objective valley = [](std::span<const double> x, std::span<double> gradient) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  const LbfgsResult found = minimize(valley, {-1.2, 1}, {.tolerance = 1e-9});
  EXPECT_TRUE(found.has_converged);
  EXPECT_NEAR(found.x[0], 1, 1e-8);
  EXPECT_NEAR(found.x[1], 1, 1e-8);
  EXPECT_LT(found.iterations, 60);
  EXPECT_FALSE(minimize(valley, {-1.2, 1}, {.max_iterations = 3}).has_converged);
}

TEST(Minimize, AValueThatIsNotFiniteIsAnError) {
  const Objective wrong = [](std::span<const double>, std::span<double>) { return std::nan(""); };
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { minimize(wrong, {0}, {}); }),
            "the value to minimize is not finite: nan");
}

TEST(FitLogisticRegression, NeedsTwoClassesAndLabelsThatFit) {
  const FloatMatrix rows(2, 1);
  const std::vector<std::int64_t> labels{0, 2};
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { fit_logistic_regression(rows, labels, 1, {}); }),
            "at least two classes are needed: 1");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { fit_logistic_regression(rows, labels, 2, {}); }),
            "labels do not fit the rows and classes");
}

}  // namespace
}  // namespace sbert
