#include "sbert/base/concat.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(Concat, JoinsStringsPathsAndNumbers) {
  const std::string text = "text";
  EXPECT_EQ(concat(std::filesystem::path("a/b"), ": ", text, ' ', std::string_view("view"), 17),
            "a/b: text view17");
  EXPECT_EQ(concat(), "");
}

TEST(Concat, WritesNumbersInTheirShortestForm) {
  EXPECT_EQ(concat(2e-4, ' ', 0.1, ' ', 0.1F, ' ', 1e300, ' ', -0.0), "2e-04 0.1 0.1 1e+300 -0");
  EXPECT_EQ(concat(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(concat(std::numeric_limits<double>::infinity()), "inf");
}

TEST(Concat, WritesTheEndsOfTheIntegers) {
  EXPECT_EQ(concat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(concat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(concat(std::int8_t{-5}, ' ', std::uint8_t{200}), "-5 200");
}

TEST(Concat, BooleansAreWordsAndCharactersThemselves) {
  EXPECT_EQ(concat(true, ' ', false, 'x'), "true falsex");
}

TEST(Fixed, RoundsToTheDigits) {
  EXPECT_EQ(fixed(0.12345, 2), "0.12");
  EXPECT_EQ(fixed(0.125, 2), "0.12");
  EXPECT_EQ(fixed(2.0, 0), "2");
  EXPECT_EQ(fixed(-1.005, 1), "-1.0");
}

TEST(Fixed, HoldsTheLongestDouble) {
  const std::string text = fixed(-std::numeric_limits<double>::max(), 6);
  EXPECT_EQ(text.size(), 1U + 309U + 1U + 6U);
  EXPECT_TRUE(text.starts_with("-17976931348623157"));
  EXPECT_EQ(fixed(std::numeric_limits<double>::max(), 300).size(), 309U + 1U + 300U);
}

}  // namespace
}  // namespace sbert
