#include "sbert/base/edit_distance.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(EditDistance, CountsByHand) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "ab"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance("seed", "esed"), 1U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);
}

}  // namespace
}  // namespace sbert
