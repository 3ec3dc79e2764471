#include "sbert/search/similarity.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

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

TEST(CosineSimilarity, WhatIsNoNumberStaysNone) {
  EXPECT_TRUE(std::isnan(cosine({std::nanf(""), 0}, {1, 2})));
  EXPECT_TRUE(std::isnan(cosine({INFINITY, 0}, {1, 2})));
}

TEST(CosineSimilarity, DifferentLengthsAreRefused) {
  EXPECT_THROW(cosine({1}, {1, 2}), Error);
}

TEST(SquaredDistance, ByHand) {
  const std::vector<float> a{1, 2, 3};
  EXPECT_EQ(squared_distance(a, std::vector<float>{1, 4, 0}), 13.0);
  EXPECT_THROW(squared_distance(a, std::vector<float>{1, 2}), Error);
}

TEST(NormalizeRows, GivesLengthOneButToZeros) {
  FloatMatrix matrix(2, 2);
  matrix.values = {3, 4, 0, 0};
  normalize_rows(matrix);
  EXPECT_EQ(matrix.values, (std::vector<float>{0.6F, 0.8F, 0, 0}));
}

// An embedder of which only the description is asked for.
class Described final : public TextEmbedder {
 public:
  Described(Similarity similarity, bool normalizes) : normalizes_(normalizes) {
    card_.similarity = similarity;
  }
  FloatMatrix embed(std::span<const std::string>, const EmbedCall&) const override { return {}; }
  std::int64_t width() const override { return 2; }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return normalizes_; }

 private:
  ModelCard card_;
  bool normalizes_;
};

TEST(NormalizeForDotProduct, RowsGetLengthOneForCosineOnly) {
  FloatMatrix matrix(1, 2);
  matrix.values = {3, 4};
  normalize_for_dot_product(Described(Similarity::kDot, false), matrix);
  EXPECT_EQ(matrix.values, (std::vector<float>{3, 4}));
  normalize_for_dot_product(Described(Similarity::kCosine, true), matrix);  // they have it already
  EXPECT_EQ(matrix.values, (std::vector<float>{3, 4}));
  normalize_for_dot_product(Described(Similarity::kCosine, false), matrix);
  EXPECT_EQ(matrix.values, (std::vector<float>{0.6F, 0.8F}));
}

TEST(NormalizeForDotProduct, RefusesDistances) {
  FloatMatrix matrix(1, 2);
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [&] {
                         normalize_for_dot_product(Described(Similarity::kManhattan, true), matrix);
                       }),
            "ranking is by cosine or dot product; the model's similarity is manhattan");
}

}  // namespace
}  // namespace sbert
