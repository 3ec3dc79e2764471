#include "sbert/search/similarity.h"

#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

double cosine(std::vector<float> a, std::vector<float> b) {
  return cosine_similarity(a, b);
}

TEST(CosineSimilarity, ByHand) {
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {6, 8}), 1.0);
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {-4, 3}), 0.0);
  EXPECT_DOUBLE_EQ(cosine({1, 0}, {-2, 0}), -1.0);
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {5, 0}), 0.6);
}

TEST(CosineSimilarity, AVectorOfZerosIsLikeNothing) {
  EXPECT_EQ(cosine({0, 0}, {1, 2}), 0.0);
}

TEST(CosineSimilarity, DifferentLengthsAreRefused) {
  EXPECT_THROW(cosine({1}, {1, 2}), Error);
}

TEST(SimilarityAsADotProduct, RowsGetLengthOneForCosineOnly) {
  SentenceModel model = letter_model();
  model.normalize = false;
  FloatMatrix matrix(2, 2);
  matrix.values = {3, 4, 0, 0};
  model.similarity = "dot";
  make_similarity_a_dot_product(model, matrix);
  EXPECT_EQ(matrix.values, (std::vector<float>{3, 4, 0, 0}));
  model.similarity = "cosine";
  make_similarity_a_dot_product(model, matrix);
  EXPECT_EQ(matrix.values, (std::vector<float>{0.6F, 0.8F, 0, 0}));
  model.similarity = "manhattan";
  EXPECT_THROW(make_similarity_a_dot_product(model, matrix), Error);
}

}  // namespace
}  // namespace sbert
