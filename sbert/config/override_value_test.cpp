#include "sbert/config/override_value.h"

#include <cmath>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/scalar.h"

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
  // The quotes of the shell do not arrive here.
  EXPECT_EQ(
      message("a=b"),
      "a text with = needs quotes within those of the shell, as 'key=\"...\"', or a backslash "
      "before it, as 'key=...\\=...': a=b");
  EXPECT_EQ(message("it's"),
            "a text with ' needs quotes within those of the shell, as \"key=\\\"...\\\"\": it's");
  EXPECT_THAT(message("1,2"), HasSubstr("a list is written [1,2], and a text with commas"));
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

/// A string in single quotes: backslashes before a quote are doubled, the quote is escaped.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  std::size_t run = 0;  // of backslashes
  for (const char c : text) {
    if (c == '\'') out.append(run + 1, '\\');
    run = c == '\\' ? run + 1 : 0;
    out += c;
  }
  return out.append(run, '\\') + '\'';
}

std::string as_override(const ConfigNode& node) {
  std::string items;
  if (const std::string* text = node.string()) return in_quotes(*text);
  if (const auto* list = node.list()) {
    for (const ConfigNode& item : *list)
      items += concat(items.empty() ? "" : ", ", as_override(item));
    return concat("[ ", items, "]");
  }
  if (const auto* map = node.map()) {
    for (const auto& [key, value] : *map) {
      items += concat(items.empty() ? "" : ",", key, ": ", as_override(value));
    }
    return concat("{", items, " }");
  }
  return node.is_null() ? "Null" : scalar_text(node);
}

ConfigNode random_node(std::mt19937& random, int depth) {
  constexpr std::string_view kCharacters = "ab1 ,:={}[]()\\\\''\"$~\t";
  switch (random() % (depth > 3 ? 5 : 7)) {
    case 0:
      return {};
    case 1:
      return {random() % 2 == 0};
    case 2:
      return {static_cast<std::int64_t>(random()) - (std::int64_t{1} << 31)};
    case 3:
      return {std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 100)};
    case 4: {
      std::string text;
      for (auto length = random() % 8; length > 0; --length) {
        text += kCharacters[random() % kCharacters.size()];
      }
      return {text};
    }
    case 5: {
      ConfigNode::List items(random() % 4);
      for (ConfigNode& item : items)
        item = random_node(random, depth + 1);
      return {std::move(items)};
    }
    default: {
      ConfigNode::Map entries;
      for (auto size = random() % 4; size > 0; --size) {
        entries.push_back({concat("key_", size), random_node(random, depth + 1)});
      }
      return {std::move(entries)};
    }
  }
}

TEST(OverrideValue, RandomValuesReadBackTheSame) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 5'000; ++round) {
    const ConfigNode node = random_node(random, 0);
    ASSERT_EQ(canonical(parse_override_value(as_override(node))), canonical(node))
        << as_override(node);
  }
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
