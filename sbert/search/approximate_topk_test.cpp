#include "sbert/search/approximate_topk.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// Unit vectors around some centres, as embeddings of texts are.
FloatMatrix clustered_vectors(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 centre_engine(1);
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  FloatMatrix centres(20, columns);
  for (float& value : centres.values)
    value = normal(centre_engine);
  FloatMatrix matrix(rows, columns);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto centre = centres.row(static_cast<std::int64_t>(engine() % 20));
    double squares = 0;
    for (std::size_t k = 0; k < centre.size(); ++k) {
      matrix.row(i)[k] = centre[k] + normal(engine);
      squares += std::pow(matrix.row(i)[k], 2);
    }
    for (float& value : matrix.row(i))
      value /= static_cast<float>(std::sqrt(squares));
  }
  return matrix;
}

MatrixView rows_of(const FloatMatrix& matrix, std::int64_t begin, std::int64_t count) {
  return {matrix.values.data() + begin * matrix.columns, count, matrix.columns};
}

std::vector<std::vector<Hit>> search(const FloatMatrix& queries,
                                     const std::vector<CorpusPiece>& pieces,
                                     std::int64_t k,
                                     int threads) {
  const WorkerPool pool(threads);
  return approximate_topk(queries, pieces, k, {pool});
}

TEST(ApproximateTopk, FindsNearlyAllOfTheExactHitsWithTheirScores) {
  const FloatMatrix corpus = clustered_vectors(4'000, 48, 2);
  const FloatMatrix queries = clustered_vectors(100, 48, 3);
  const WorkerPool pool(2);
  const auto exact = exact_topk(queries, corpus, 10, {pool});
  const auto found = search(queries, {{corpus, 0}}, 10, 2);
  EXPECT_GT(recall_of(found, exact), 0.95);
  for (std::size_t query = 0; query < found.size(); ++query) {
    ASSERT_THAT(found[query], SizeIs(10));
    EXPECT_TRUE(std::is_sorted(found[query].begin(), found[query].end(), is_better));
    EXPECT_NEAR(found[query][0].score, exact[query][0].score, 1e-5);
  }
}

TEST(ApproximateTopk, PiecesAreMergedAndThreadsChangeNothing) {
  const FloatMatrix corpus = clustered_vectors(3'000, 16, 2);
  const FloatMatrix queries = clustered_vectors(50, 16, 3);
  const std::vector<CorpusPiece> pieces{{rows_of(corpus, 0, 1'000), 0},
                                        {rows_of(corpus, 1'000, 1'500), 1'000},
                                        {rows_of(corpus, 2'500, 500), 2'500}};
  const WorkerPool pool(2);
  const auto found = search(queries, pieces, 20, 1);
  EXPECT_GT(recall_of(found, exact_topk(queries, corpus, 20, {pool})), 0.95);
  EXPECT_EQ(search(queries, pieces, 20, 3), found);

  std::vector<std::vector<Hit>> one_by_one(50);
  for (const CorpusPiece& piece : pieces) {
    const auto hits = search(queries, {piece}, 20, 2);
    for (std::size_t i = 0; i < hits.size(); ++i)
      merge_hits(one_by_one[i], hits[i], 20);
  }
  EXPECT_EQ(one_by_one, found);
}

TEST(ApproximateTopk, FewRowsAreAllFoundAndNoneIsNoHit) {
  const FloatMatrix corpus = clustered_vectors(3, 8, 2);
  const FloatMatrix queries = clustered_vectors(2, 8, 3);
  EXPECT_EQ(search(queries, {{corpus, 0}}, 10, 1)[1].size(), 3U);
  EXPECT_THAT(search(queries, {{rows_of(corpus, 0, 0), 0}}, 10, 1)[1], IsEmpty());
  EXPECT_THAT(search(FloatMatrix(0, 8), {{corpus, 0}}, 10, 1), IsEmpty());
}

TEST(ApproximateTopk, WrongVectorsAreErrorsThatSayWhich) {
  FloatMatrix corpus = clustered_vectors(5, 8, 2);
  const FloatMatrix queries = clustered_vectors(2, 8, 3);
  EXPECT_EQ(message_of(ErrorKind::kInput,
                       [&] { search(clustered_vectors(2, 7, 3), {{corpus, 0}}, 1, 1); }),
            "queries and corpus differ in dimension: 7 and 8");
  corpus.row(4)[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { search(queries, {{corpus, 100}}, 1, 1); }),
            "a vector has a value that is not finite: corpus row 104, from 0");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { search(corpus, {}, 1, 1); }),
            "a vector has a value that is not finite: query 4, from 0");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { search(queries, {}, 0, 1); }),
            "k must be at least 1: 0");
}

TEST(ApproximateTopk, AStopEndsTheSearch) {
  const FloatMatrix corpus = clustered_vectors(5, 8, 2);
  const std::vector<CorpusPiece> pieces{{corpus, 0}};
  const WorkerPool pool(1);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled,
             [&] { approximate_topk(corpus, pieces, 1, {pool, stop.token()}); });
}

TEST(RecallOf, CountsTheExactHitsThatWereFound) {
  using Hits = std::vector<std::vector<Hit>>;
  EXPECT_DOUBLE_EQ(recall_of(Hits{{{1, 0}, {2, 0}}, {{3, 0}}}, Hits{{{2, 0}, {5, 0}}, {{3, 0}}}),
                   2.0 / 3);
  EXPECT_DOUBLE_EQ(recall_of(Hits{{}}, Hits{{}}), 1);
}

}  // namespace
}  // namespace sbert
