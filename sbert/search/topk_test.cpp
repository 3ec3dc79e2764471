#include "sbert/search/topk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

FloatMatrix random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  FloatMatrix matrix(rows, columns);
  for (float& value : matrix.values)
    value = normal(engine);
  return matrix;
}

// Small whole numbers: scores are exact in any order of summation, and many are equal.
FloatMatrix matrix_of_few_values(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> small(-1, 1);
  FloatMatrix matrix(rows, columns);
  for (float& value : matrix.values)
    value = static_cast<float>(small(engine));
  return matrix;
}

FloatMatrix matrix_of(std::int64_t rows, std::int64_t columns, std::vector<float> values) {
  FloatMatrix matrix(rows, columns);
  matrix.values = std::move(values);
  return matrix;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// All rows sorted by (score in double descending, row ascending), cut at k.
std::vector<std::pair<double, std::int64_t>> brute_force(std::span<const float> query,
                                                         const FloatMatrix& corpus,
                                                         std::int64_t k) {
  std::vector<std::pair<double, std::int64_t>> all;
  for (std::int64_t row = 0; row < corpus.rows; ++row) {
    all.emplace_back(dot(query, corpus.row(row)), row);
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
  const auto hits = exact_topk(queries, corpus, k);
  ASSERT_THAT(hits, SizeIs(q));
  for (std::int64_t i = 0; i < q; ++i) {
    const auto expected = brute_force(queries.row(i), corpus, k);
    const auto& found = hits[static_cast<std::size_t>(i)];
    ASSERT_THAT(found, SizeIs(expected.size()));
    for (std::size_t rank = 0; rank < found.size(); ++rank) {
      // Rows whose scores differ by less than the rounding may change places.
      const double exact = dot(queries.row(i), corpus.row(found[rank].row));
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
  const auto hits = exact_topk(queries, corpus, k);
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

// Around one tile of 256 queries and 512 rows, one chunk of 16 scores, and k against N.
INSTANTIATE_TEST_SUITE_P(Sizes,
                         ExactTopk,
                         testing::Values(Sizes{1, 1, 1, 1},
                                         Sizes{1, 5'000, 32, 10},
                                         Sizes{3, 15, 4, 16},
                                         Sizes{7, 17, 8, 16},
                                         Sizes{3, 31, 8, 5},
                                         Sizes{3, 32, 8, 5},
                                         Sizes{3, 33, 8, 5},
                                         Sizes{8, 512, 8, 1},
                                         Sizes{255, 513, 8, 100},
                                         Sizes{257, 2'049, 8, 3},
                                         Sizes{513, 511, 4, 2'000},
                                         Sizes{20, 9'000, 16, 1'000}));

TEST(ExactTopkBounds, AQueryAloneFindsTheSameAsAmongOthers) {
  const FloatMatrix queries = matrix_of_few_values(300, 6, 7);
  const FloatMatrix corpus = matrix_of_few_values(2'000, 6, 8);
  const auto all = exact_topk(queries, corpus, 50);
  for (const std::int64_t i : {0, 150, 299}) {
    const std::span<const float> row = queries.row(i);
    const FloatMatrix alone = matrix_of(1, 6, {row.begin(), row.end()});
    EXPECT_EQ(exact_topk(alone, corpus, 50).front(), all[static_cast<std::size_t>(i)]);
  }
}

TEST(ExactTopkBounds, KOfMoreThanTheCorpusGivesAllOfIt) {
  const FloatMatrix queries = matrix_of(1, 2, {1, 0});
  const FloatMatrix corpus = matrix_of(3, 2, {0.5F, 9, -1, 9, 2, 9});
  EXPECT_THAT(exact_topk(queries, corpus, std::numeric_limits<std::int64_t>::max()),
              ElementsAre(ElementsAre(Hit{2, 2.0F}, Hit{0, 0.5F}, Hit{1, -1.0F})));
}

TEST(ExactTopkBounds, NoQueriesGiveNoLists) {
  EXPECT_THAT(exact_topk(FloatMatrix(0, 4), FloatMatrix(3, 4), 5), IsEmpty());
  EXPECT_THAT(exact_topk(FloatMatrix(), FloatMatrix(3, 4), 5), IsEmpty());
}

TEST(ExactTopkBounds, AnEmptyCorpusGivesAnEmptyListEach) {
  EXPECT_THAT(exact_topk(FloatMatrix(2, 4), FloatMatrix(), 5), ElementsAre(IsEmpty(), IsEmpty()));
}

TEST(ExactTopkBounds, MinusInfinityIsAScoreLikeAnother) {
  const float infinity = std::numeric_limits<float>::infinity();
  const FloatMatrix queries = matrix_of(1, 1, {1});
  const FloatMatrix corpus = matrix_of(3, 1, {-infinity, infinity, -infinity});
  EXPECT_THAT(exact_topk(queries, corpus, 2),
              ElementsAre(ElementsAre(Hit{1, infinity}, Hit{0, -infinity})));
}

TEST(ExactTopkBounds, LittleMemoryAndAnyThreadsFindTheSame) {
  const FloatMatrix queries = matrix_of_few_values(70, 24, 11);
  const FloatMatrix corpus = matrix_of_few_values(1'500, 24, 12);
  const auto hits = exact_topk(queries, corpus, 20);
  for (const std::int64_t memory : {1, 4'000, 100'000}) {
    for (const int threads : {1, 3})
      EXPECT_EQ(exact_topk(queries, corpus, 20, {memory, threads}), hits) << memory;
  }
}

TEST(ExactTopkErrors, MemoryBelowZero) {
  expect_error(ErrorKind::kUsage, "memory must be at least 0: -1",
               [] { exact_topk(FloatMatrix(1, 3), FloatMatrix(1, 3), 1, {.memory_bytes = -1}); });
}

TEST(ExactTopkErrors, KBelowOne) {
  for (const std::int64_t k : {0, -3}) {
    expect_error(ErrorKind::kUsage, "k must be at least 1: " + std::to_string(k),
                 [&] { exact_topk(FloatMatrix(1, 1), FloatMatrix(1, 1), k); });
  }
}

TEST(ExactTopkErrors, DifferentDimensions) {
  expect_error(ErrorKind::kInput, "queries and corpus differ in dimension: 3 and 4",
               [] { exact_topk(FloatMatrix(1, 3), FloatMatrix(1, 4), 1); });
}

TEST(ExactTopkErrors, AMatrixWhoseValuesDoNotFitItsShape) {
  FloatMatrix corpus(2, 3);
  corpus.values.pop_back();
  expect_error(ErrorKind::kInternal, "corpus: 5 values in a matrix [2, 3]",
               [&] { exact_topk(FloatMatrix(1, 3), corpus, 1); });
}

TEST(ExactTopkErrors, ANanIsNamedWhereverItStands) {
  for (const std::int64_t row : {0, 1, 15, 16, 101, 2'500, 2'999}) {
    FloatMatrix corpus = random_matrix(3'000, 8, 5);
    corpus.row(row)[3] = std::nanf("");
    expect_error(ErrorKind::kInput,
                 "a score is not a number: query 0, corpus row " + std::to_string(row) + ",",
                 [&] { exact_topk(random_matrix(1, 8, 6), corpus, 10); });
  }
}

}  // namespace
}  // namespace sbert
