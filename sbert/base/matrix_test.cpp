#include "sbert/base/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(FloatMatrix, RowsLieOneAfterAnother) {
  FloatMatrix matrix(3, 2);
  matrix.row(1)[0] = 5;
  matrix.row(2)[1] = 7;
  EXPECT_THAT(matrix.values, testing::ElementsAre(0, 0, 5, 0, 0, 7));
  const FloatMatrix& view = matrix;
  EXPECT_THAT(view.row(2), testing::ElementsAre(0, 7));
}

TEST(MatrixView, APartIsSomeOfTheRows) {
  FloatMatrix matrix(4, 2);
  matrix.values = {1, 2, 3, 4, 5, 6, 7, 8};
  const MatrixView part = MatrixView(matrix).part(1, 2);
  EXPECT_EQ(part.rows, 2);
  EXPECT_THAT(part.row(0), testing::ElementsAre(3, 4));
  EXPECT_THAT(part.row(1), testing::ElementsAre(5, 6));
}

TEST(FloatMatrix, MayBeEmpty) {
  EXPECT_TRUE(FloatMatrix().values.empty());
  EXPECT_TRUE(FloatMatrix(3, 0).row(2).empty());
}

}  // namespace
}  // namespace sbert
