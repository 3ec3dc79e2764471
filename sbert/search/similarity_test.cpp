#include "sbert/search/similarity.h"

#include <gtest/gtest.h>

#include <vector>

#include "sbert/base/error.h"

namespace sbert {
namespace {

double cosine(std::vector<float> a, std::vector<float> b) { return cosine_similarity(a, b); }

TEST(CosineSimilarity, ByHand) {
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {6, 8}), 1.0);
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {-4, 3}), 0.0);
  EXPECT_DOUBLE_EQ(cosine({1, 0}, {-2, 0}), -1.0);
  EXPECT_DOUBLE_EQ(cosine({3, 4}, {5, 0}), 0.6);
}

TEST(CosineSimilarity, AVectorOfZerosIsLikeNothing) { EXPECT_EQ(cosine({0, 0}, {1, 2}), 0.0); }

TEST(CosineSimilarity, DifferentLengthsAreRefused) { EXPECT_THROW(cosine({1}, {1, 2}), Error); }

}  // namespace
}  // namespace sbert
