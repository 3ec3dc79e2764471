#include "sbert/dist/buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Tensor floats(std::int64_t count) {
  return at::zeros({count}, at::kFloat);  // 4 bytes each
}

TEST(Buckets, AreFilledUpToTheLimitInOrder) {
  EXPECT_THAT(bucket_ends({floats(2), floats(3), floats(1), floats(5)}, 20), ElementsAre(2, 3, 4));
  EXPECT_THAT(bucket_ends({floats(2), floats(3), floats(1), floats(5)}, 1000), ElementsAre(4));
}

TEST(Buckets, ATensorAboveTheLimitIsOneOfItsOwn) {
  EXPECT_THAT(bucket_ends({floats(9), floats(1), floats(9), floats(1)}, 8),
              ElementsAre(1, 2, 3, 4));
}

TEST(Buckets, HoldOneType) {
  EXPECT_THAT(bucket_ends({floats(1), floats(1), at::zeros({1}, at::kLong), floats(1)}, 1000),
              ElementsAre(2, 3, 4));
}

TEST(Buckets, OfNothingThereAreNone) {
  EXPECT_THAT(bucket_ends({}, 8), IsEmpty());
}

}  // namespace
}  // namespace sbert
