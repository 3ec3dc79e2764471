#include "sbert/search/topk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/search/row_products.h"
#include "sbert/search/test_matrices.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Small whole numbers: scores are exact in any order of summation, and many are equal.
FloatMatrix matrix_of_few_values(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> small(-1, 1);
  FloatMatrix matrix(rows, columns);
  for (float& value : matrix.values)
    value = static_cast<float>(small(engine));
  return matrix;
}

std::vector<std::vector<Hit>> search_on(int threads,
                                        const FloatMatrix& queries,
                                        const FloatMatrix& corpus,
                                        std::int64_t k) {
  const WorkerPool pool(threads);
  return exact_topk(queries, corpus, k, {pool});
}

// In pieces of that many rows.
std::vector<std::vector<Hit>> search_pieces(
    int threads, MatrixView queries, const FloatMatrix& corpus, std::int64_t k, std::int64_t size) {
  const WorkerPool pool(threads);
  PiecewiseTopk topk(queries, k, {pool});
  for (std::int64_t first = 0; first < corpus.rows; first += size)
    topk.add(MatrixView(corpus).part(first, std::min(size, corpus.rows - first)), first);
  return topk.take();
}

FloatMatrix matrix_of(std::int64_t rows, std::int64_t columns, std::vector<float> values) {
  FloatMatrix matrix(rows, columns);
  matrix.values = std::move(values);
  return matrix;
}

// All rows sorted by (score in double descending, row ascending), cut at k.
std::vector<std::pair<double, std::int64_t>> brute_force(std::span<const float> query,
                                                         const FloatMatrix& corpus,
                                                         std::int64_t k) {
  std::vector<std::pair<double, std::int64_t>> all;
  for (std::int64_t row = 0; row < corpus.rows; ++row) {
    all.emplace_back(dot_in_double(query, corpus.row(row)), row);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.first, a.second) < std::tuple(-b.first, b.second);
  });
  all.resize(static_cast<std::size_t>(std::min(k, corpus.rows)));
  return all;
}

template <typename Work>
void expect_error(ErrorKind kind, const std::string& message, Work work) {
  try {
    work();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

struct Sizes {
  std::int64_t queries, rows, columns, k;
};

class ExactTopk : public testing::TestWithParam<Sizes> {};

TEST_P(ExactTopk, FindsWhatBruteForceInDoubleFinds) {
  const auto [q, n, d, k] = GetParam();
  const FloatMatrix queries = random_matrix(q, d, 1);
  const FloatMatrix corpus = random_matrix(n, d, 2);
  const auto hits = search_on(2, queries, corpus, k);
  ASSERT_THAT(hits, SizeIs(q));
  for (std::int64_t i = 0; i < q; ++i) {
    const auto expected = brute_force(queries.row(i), corpus, k);
    const auto& found = hits[static_cast<std::size_t>(i)];
    ASSERT_THAT(found, SizeIs(expected.size()));
    for (std::size_t rank = 0; rank < found.size(); ++rank) {
      // Rows whose scores differ by less than the rounding may change places.
      const double exact = dot_in_double(queries.row(i), corpus.row(found[rank].row));
      ASSERT_NEAR(exact, expected[rank].first, 1e-4) << "query " << i << " rank " << rank;
      ASSERT_NEAR(found[rank].score, exact, 1e-4);
    }
  }
}

TEST_P(ExactTopk, EqualScoresComeByAscendingRowAlsoAtTheCut) {
  const auto [q, n, d, k] = GetParam();
  const std::int64_t few = std::min<std::int64_t>(d, 6);  // 13 different scores at most
  const FloatMatrix queries = matrix_of_few_values(q, few, 3);
  const FloatMatrix corpus = matrix_of_few_values(n, few, 4);
  const auto hits = search_on(2, queries, corpus, k);
  for (std::int64_t i = 0; i < q; ++i) {
    const auto expected = brute_force(queries.row(i), corpus, k);
    const auto& found = hits[static_cast<std::size_t>(i)];
    ASSERT_THAT(found, SizeIs(expected.size()));
    for (std::size_t rank = 0; rank < found.size(); ++rank) {
      ASSERT_EQ(found[rank].row, expected[rank].second) << "query " << i << " rank " << rank;
      ASSERT_EQ(found[rank].score, static_cast<float>(expected[rank].first));
    }
  }
}

// Around a tile of 512 queries, a block of 96 rows, a vector of scores, and k against N.
INSTANTIATE_TEST_SUITE_P(Sizes,
                         ExactTopk,
                         testing::Values(Sizes{1, 1, 1, 1},
                                         Sizes{1, 5'000, 32, 10},
                                         Sizes{3, 15, 4, 16},
                                         Sizes{7, 17, 8, 16},
                                         Sizes{8, 96, 8, 1},
                                         Sizes{255, 513, 8, 100},
                                         Sizes{257, 2'049, 8, 3},
                                         Sizes{513, 97, 4, 2'000},
                                         Sizes{1'025, 4'000, 8, 5},
                                         Sizes{20, 9'000, 16, 1'000}));

TEST(ExactTopkBits, OfAQueryAloneAreThoseAmongOthers) {
  const FloatMatrix queries = random_matrix(700, 41, 7);
  const FloatMatrix corpus = random_matrix(2'000, 41, 8);
  const auto all = search_on(2, queries, corpus, 50);
  for (const std::int64_t i : {0, 150, 511, 512, 699}) {
    const std::span<const float> row = queries.row(i);
    const FloatMatrix alone = matrix_of(1, 41, {row.begin(), row.end()});
    EXPECT_EQ(search_on(2, alone, corpus, 50).front(), all[static_cast<std::size_t>(i)]);
  }
}

TEST(ExactTopkBits, DependNeitherOnPiecesNorOnThreads) {
  const FloatMatrix queries = random_matrix(600, 24, 11);
  const FloatMatrix corpus = random_matrix(7'000, 24, 12);
  const auto whole = search_on(1, queries, corpus, 40);
  EXPECT_EQ(search_on(5, queries, corpus, 40), whole);
  for (const std::int64_t size : {29, 96, 511, 3'001, 6'999}) {
    for (const int threads : {1, 3})
      EXPECT_TRUE(search_pieces(threads, queries, corpus, 40, size) == whole)
          << size << " rows, " << threads << " threads";
  }
}

TEST(ExactTopkBits, DependNotOnWhichQueriesGoTogether) {
  const FloatMatrix queries = random_matrix(700, 24, 18);
  const FloatMatrix corpus = random_matrix(1'500, 24, 19);
  const auto all = search_on(2, queries, corpus, 30);
  const auto some = search_pieces(2, MatrixView(queries).part(333, 200), corpus, 30, 1'500);
  EXPECT_TRUE(some == std::vector(all.begin() + 333, all.begin() + 533));
}

TEST(ExactTopkBits, AreThoseOfTheProductsOnEveryThread) {
  const FloatMatrix queries = random_matrix(3, 100, 22);
  const FloatMatrix corpus = random_matrix(20'000, 100, 23);
  const auto few = search_on(4, queries, corpus, 20'000);
  const WorkerPool pool(2);
  const FloatMatrix products = row_products(corpus, queries, {pool});  // [rows, queries]
  for (std::size_t query = 0; query < 3; ++query) {
    for (const Hit& hit : few[query])
      ASSERT_EQ(hit.score, products.row(hit.row)[query]);
  }
}

TEST(ExactTopkBounds, KOfMoreThanTheCorpusGivesAllOfIt) {
  const FloatMatrix queries = matrix_of(1, 2, {1, 0});
  const FloatMatrix corpus = matrix_of(3, 2, {0.5F, 9, -1, 9, 2, 9});
  EXPECT_THAT(search_on(2, queries, corpus, std::numeric_limits<std::int64_t>::max()),
              ElementsAre(ElementsAre(Hit{2, 2.0F}, Hit{0, 0.5F}, Hit{1, -1.0F})));
}

TEST(ExactTopkBounds, NoQueriesGiveNoLists) {
  EXPECT_THAT(search_on(2, FloatMatrix(0, 4), FloatMatrix(3, 4), 5), IsEmpty());
  EXPECT_THAT(search_on(2, FloatMatrix(), FloatMatrix(3, 4), 5), IsEmpty());
}

TEST(ExactTopkBounds, AnEmptyCorpusGivesAnEmptyListEach) {
  EXPECT_THAT(search_on(2, FloatMatrix(2, 4), FloatMatrix(), 5), ElementsAre(IsEmpty(), IsEmpty()));
}

TEST(ExactTopkBounds, MinusInfinityIsAScoreLikeAnother) {
  const float infinity = std::numeric_limits<float>::infinity();
  const FloatMatrix queries = matrix_of(1, 1, {1});
  const FloatMatrix corpus = matrix_of(3, 1, {-infinity, infinity, -infinity});
  EXPECT_THAT(search_on(2, queries, corpus, 2),
              ElementsAre(ElementsAre(Hit{1, infinity}, Hit{0, -infinity})));
}

TEST(ExactTopkBounds, AnInfiniteScoreIsNotLostToProductsInParts) {
  const float large = std::numeric_limits<float>::max();
  const FloatMatrix queries = matrix_of(1, 2, {1, 1});
  const FloatMatrix corpus = matrix_of(2, 2, {large, large, 1, 1});
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(search_on(1, queries, corpus, 1), ElementsAre(ElementsAre(Hit{0, infinity})));
}

TEST(ExactTopkErrors, KBelowOne) {
  for (const std::int64_t k : {0, -3}) {
    expect_error(ErrorKind::kUsage, "k must be at least 1: " + std::to_string(k),
                 [&] { search_on(2, FloatMatrix(1, 1), FloatMatrix(1, 1), k); });
  }
}

TEST(ExactTopkErrors, DifferentDimensions) {
  expect_error(ErrorKind::kInput, "queries and corpus differ in dimension: 3 and 4",
               [] { search_on(2, FloatMatrix(1, 3), FloatMatrix(1, 4), 1); });
}

TEST(ExactTopkErrors, AMatrixWhoseValuesDoNotFitItsShape) {
  FloatMatrix corpus(2, 3);
  corpus.values.pop_back();
  expect_error(ErrorKind::kInternal, "corpus: 5 values in a matrix [2, 3]",
               [&] { search_on(2, FloatMatrix(1, 3), corpus, 1); });
}

TEST(ExactTopkErrors, ANanIsNamedWhereverItStands) {
  for (const std::int64_t row : {0, 1, 15, 16, 2'500, 2'999}) {
    FloatMatrix corpus = random_matrix(3'000, 8, 5);
    corpus.row(row)[3] = std::nanf("");
    expect_error(ErrorKind::kInput,
                 "a score is not a number: query 0, corpus row " + std::to_string(row) + ",",
                 [&] { search_on(2, random_matrix(1, 8, 6), corpus, 10); });
  }
}

TEST(ExactTopkErrors, ANanInAQueryIsNamed) {
  FloatMatrix queries = random_matrix(600, 8, 5);
  queries.row(577)[7] = std::nanf("");
  expect_error(ErrorKind::kInput, "a score is not a number: query 577, corpus row 0,",
               [&] { search_on(1, queries, random_matrix(300, 8, 6), 10); });
}

TEST(ExactTopkErrors, AStopEndsTheSearch) {
  const WorkerPool pool(2);
  StopSource stop;
  const FloatMatrix queries = random_matrix(3, 8, 5);
  PiecewiseTopk topk(queries, 2, {pool, stop.token()});
  topk.add(random_matrix(10, 8, 6), 0);
  stop.request_stop();
  expect_error(ErrorKind::kCancelled, "", [&] { topk.add(random_matrix(10, 8, 6), 10); });
}

TEST(PiecewiseTopk, KeepsTheEarlierOfEqualScores) {
  const FloatMatrix queries = matrix_of_few_values(300, 3, 13);
  const FloatMatrix corpus = matrix_of_few_values(1'300, 3, 14);
  const auto whole = search_on(2, queries, corpus, 20);
  for (const std::int64_t size : {7, 30, 511, 1'299})
    EXPECT_TRUE(search_pieces(2, queries, corpus, 20, size) == whole) << size << " rows";
}

TEST(PiecewiseTopk, WithoutRowsHasEmptyLists) {
  const FloatMatrix queries = random_matrix(2, 4, 15);
  const WorkerPool pool(1);
  PiecewiseTopk topk(queries, 3, {pool});
  topk.add(MatrixView(nullptr, 0, 4), 0);
  EXPECT_THAT(topk.take(), ElementsAre(IsEmpty(), IsEmpty()));
}

TEST(PiecewiseTopk, RefusesAPieceOfAnotherDimension) {
  const FloatMatrix queries = random_matrix(2, 4, 16);
  const FloatMatrix corpus = random_matrix(2, 5, 17);
  const WorkerPool pool(1);
  PiecewiseTopk topk(queries, 3, {pool});
  expect_error(ErrorKind::kInput, "differ in dimension: 4 and 5", [&] { topk.add(corpus, 0); });
}

}  // namespace
}  // namespace sbert
