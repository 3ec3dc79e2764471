#include "sbert/search/row_products.h"

#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "sbert/search/test_matrices.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

TEST(RowProducts, AreTheDotProductsOfAllRows) {
  const WorkerPool pool(2);
  // Around a block of rows, and around the rows that are packed at a time.
  for (const auto& [n, m] : {std::pair{1, 1}, {3, 700}, {95, 2}, {97, 513}, {1'000, 40}}) {
    const FloatMatrix a = random_matrix(n, 33, 1);
    const FloatMatrix b = random_matrix(m, 33, 2);
    const FloatMatrix products = row_products(a, b, {pool});
    ASSERT_EQ(products.rows, n);
    ASSERT_EQ(products.columns, m);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < m; ++j) {
        // 33 roundings, each of at most 2^-24 of a sum below 32.
        ASSERT_NEAR(products.row(i)[static_cast<std::size_t>(j)], dot_in_double(a.row(i), b.row(j)),
                    6e-5);
      }
    }
  }
}

TEST(RowProducts, BitsDependOnNeitherThreadsNorTheOtherRows) {
  const FloatMatrix a = random_matrix(1'300, 50, 3);
  const FloatMatrix b = random_matrix(600, 50, 4);
  const WorkerPool one(1);
  const WorkerPool five(5);
  const FloatMatrix all = row_products(a, b, {one});
  EXPECT_EQ(row_products(a, b, {five}).values, all.values);
  for (const std::int64_t i : {0, 700, 1'299}) {
    const FloatMatrix some =
        row_products(MatrixView(a).part(i, 1), MatrixView(b).part(500, 7), {five});
    for (std::size_t j = 0; j < 7; ++j)
      EXPECT_EQ(some.values[j], all.row(i)[500 + j]);
  }
}

TEST(RowProducts, OfNothingAreNothing) {
  const WorkerPool pool(1);
  EXPECT_EQ(row_products(FloatMatrix(0, 3), FloatMatrix(2, 3), {pool}).columns, 2);
  EXPECT_EQ(row_products(FloatMatrix(2, 3), FloatMatrix(0, 3), {pool}).rows, 2);
  EXPECT_EQ(row_products(FloatMatrix(1, 0), FloatMatrix(2, 0), {pool}).values,
            std::vector<float>(2));
}

TEST(RowProducts, RefuseRowsOfOtherLengths) {
  const WorkerPool pool(1);
  EXPECT_EQ(message_of(ErrorKind::kInternal,
                       [&] { row_products(FloatMatrix(1, 3), FloatMatrix(2, 4), {pool}); }),
            "rows of [1, 3] times rows of [2, 4]");
}

TEST(RowProducts, StopWhenAsked) {
  const WorkerPool pool(2);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled,
             [&] { row_products(FloatMatrix(2, 3), FloatMatrix(2, 3), {pool, stop.token()}); });
}

TEST(RowProducts, OfPairsHaveTheBitsOfTheSearch) {
  const WorkerPool pool(2);
  const FloatMatrix rows = random_matrix(300, 50, 5);
  const FloatMatrix queries = random_matrix(40, 50, 6);
  const FloatMatrix products = row_products(rows, queries, {pool});
  const auto hits = exact_topk(queries, rows, 300, {pool});
  for (std::int64_t query = 0; query < queries.rows; ++query) {
    const std::vector<float> scores = pair_scores(rows, queries.row(query));
    ASSERT_EQ(std::ssize(scores), rows.rows);
    for (const Hit& hit : hits[static_cast<std::size_t>(query)]) {
      const float score = scores[static_cast<std::size_t>(hit.row)];
      ASSERT_EQ(score, hit.score);
      ASSERT_EQ(score, products.row(hit.row)[static_cast<std::size_t>(query)]);
    }
    EXPECT_EQ(pair_scores(MatrixView(rows).part(299, 1), queries.row(query)).front(), scores[299]);
  }
}

TEST(TakeRows, InTheOrderThatIsAskedFor) {
  FloatMatrix matrix(3, 2);
  matrix.values = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> rows{2, 0, 2};
  EXPECT_EQ(take_rows(matrix, rows).values, (std::vector<float>{5, 6, 1, 2, 5, 6}));
}

}  // namespace
}  // namespace sbert
