#include "sbert/config/override_value.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::string value_or_error(const std::string& text) {
  try {
    return canonical(parse_override_value(text));
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return "error";
  }
}

// Where we depart from Hydra, with our result.
const std::map<std::string, std::string> kDepartures = {
    {"'a' ", "\"a\""},     // spaces after a quoted value do no harm
    {"int('1')", "error"}  // no functions
};

TEST(OverrideValue, IsReadAsHydraReadsIt) {
  const auto lines = read_golden_lines("override_values.tsv");
  ASSERT_GT(lines.size(), 130U);
  for (const GoldenLine& line : lines) {
    const auto departure = kDepartures.find(line.input[0]);
    const std::string& expected =
        departure == kDepartures.end() ? line.expected : departure->second;
    EXPECT_EQ(value_or_error(line.input[0]), expected) << line.input[0];
  }
}

TEST(OverrideValue, InterpolationsMayNest) {
  EXPECT_EQ(canonical(parse_override_value("${multiply:${a},2}")), "\"${multiply:${a},2}\"");
  EXPECT_EQ(canonical(parse_override_value("[${a:${b}},c]")), "[\"${a:${b}}\",\"c\"]");
}

TEST(OverrideValue, NonAsciiTextNeedsNoQuotes) {
  EXPECT_EQ(canonical(parse_override_value("Zürich 東京")), "\"Zürich 東京\"");
}

TEST(OverrideValue, RemembersWhetherItWasQuoted) {
  EXPECT_TRUE(parse_override_value("'16'").is_quoted);
  EXPECT_FALSE(parse_override_value("bf16").is_quoted);
}

std::string message(std::string_view text) {
  return message_of(ErrorKind::kUsage, [&] { parse_override_value(text); });
}

TEST(OverrideValue, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(message("1,2"), HasSubstr("one run at a time"));
  EXPECT_THAT(message("choice(1,2)"), HasSubstr("functions of Hydra are not supported"));
  EXPECT_EQ(message("a=b"), "quote the value or put a backslash before '=': a=b");
  EXPECT_EQ(message("'a"), "a quote is not closed ('): 'a");
  EXPECT_EQ(message("[1,2"), "']' is missing: [1,2");
  EXPECT_EQ(message("{a:1"), "'}' is missing: {a:1");
  EXPECT_EQ(message("[1,]"), "a value is missing: [1,]");
  EXPECT_EQ(message("{a"), "a key of a map needs ':' and a value: {a");
  EXPECT_EQ(message("${a"), "an interpolation is not closed by '}': ${a");
  EXPECT_EQ(message("['a'b]"), "expected ',' or ']' before 'b': ['a'b]");
  EXPECT_EQ(message("[1] 2"), "unexpected text after the value: [1] 2");
}

TEST(OverrideValue, DepthIsLimited) {
  EXPECT_NO_THROW(parse_override_value(std::string(32, '[') + "1" + std::string(32, ']')));
  EXPECT_THAT(message(std::string(100'000, '[')), HasSubstr("nested too deep"));
}

TEST(OverrideValue, RandomTextIsReadOrRefused) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  constexpr std::string_view kCharacters = "ab1.e-+_ \t'\"\\[]{}(),:=$/nul";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto length = random() % 12; length > 0; --length) {
      text += kCharacters[random() % kCharacters.size()];
    }
    try {
      parse_override_value(text);
    } catch (const Error& error) {
      ASSERT_EQ(exit_code(error.kind()), 2) << text;
    }
  }
}

}  // namespace
}  // namespace sbert
