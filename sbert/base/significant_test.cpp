#include "sbert/base/significant.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(Significant, HasNoMoreDigitsThanWanted) {
  EXPECT_EQ(significant(3.4547472831460976e-05, 3), "3.45e-05");
  EXPECT_EQ(significant(0.5, 3), "0.5");
  EXPECT_EQ(significant(1234.5, 3), "1.23e+03");
  EXPECT_EQ(significant(-1.0 / 3, 17), "-0.33333333333333331");
  EXPECT_EQ(significant(0, 3), "0");
}

}  // namespace
}  // namespace sbert
