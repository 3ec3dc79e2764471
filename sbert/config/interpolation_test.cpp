#include "sbert/config/interpolation.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::optional<std::string> environment(const std::string& name) {
  if (name == "SET") return "value";
  if (name == "NUMBER") return "12";
  return std::nullopt;
}

ConfigTree resolved(const std::string& document) {
  return resolve(ConfigTree(parse_yaml(document)), environment);
}

std::string resolved_or_error(const std::string& document) {
  try {
    return canonical(resolved(document).root());
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return "error";
  }
}

// Where we depart from OmegaConf, with our result: text is neither made of a list nor repeated.
const std::map<std::string, std::string> kDepartures = {
    {"{a: [1], x: 'y${a}'}", "error"},
    {"x: '${multiply:a,2}'", "error"},
};

TEST(Resolve, DoesAsOmegaConfDoes) {
  const auto lines = read_golden_lines("interpolations.tsv");
  ASSERT_GT(lines.size(), 50U);
  for (const GoldenLine& line : lines) {
    const auto departure = kDepartures.find(line.input[0]);
    const std::string& expected =
        departure == kDepartures.end() ? line.expected : departure->second;
    EXPECT_EQ(resolved_or_error(line.input[0]), expected) << line.input[0];
  }
}

std::string message(const std::string& document) {
  return message_of(ErrorKind::kUsage, [&] { resolved(document); });
}

TEST(Resolve, ErrorsNameTheKey) {
  EXPECT_EQ(message("a:\n  b: ???"), "required: a.b");
  EXPECT_EQ(message("a: ${b}\nb: ???"), "a: required: b");
  EXPECT_EQ(message("{model: {x: '${model.sed}', seed: 1}}"),
            "model.x: unknown key: model.sed (did you mean 'model.seed'?)");
  EXPECT_EQ(message("{a: '${b}', b: '${a}'}"),
            "a: b: a: interpolations refer to each other in a circle: ${b}");
  EXPECT_EQ(message("a: '${oc.env:NO_SUCH}'"), "a: environment variable is not set: NO_SUCH");
  EXPECT_EQ(message("a: '${nope:1}'"),
            "a: unknown resolver (known are multiply, oc.decode, oc.env, oc.select, sum): nope");
  EXPECT_EQ(message("a: '${multiply:1}'"), "a: multiply takes 2 arguments: 1");
  EXPECT_EQ(message("a: '${oc.env:A,b,c}'"), "a: oc.env takes 1 or 2 arguments: 3");
  EXPECT_EQ(message("a: '${sum:x,1}'"), "a: sum needs numbers: the string 'x'");
  EXPECT_EQ(message("a: 'x${b'"), "a: an interpolation is not closed by '}': x${b");
  EXPECT_EQ(message("a: {b: '${...c}'}"), "a.b: a relative key goes above the root: ...c");
  EXPECT_EQ(message("a: '${..}'"), "a: an interpolation names no key: ..");
  EXPECT_EQ(message("{a: {}, b: 'x${a}'}"), "b: a map cannot stand within text: x${a}");
  EXPECT_EQ(message("a: '${multiply:4611686018427387904,2}'"),
            "a: multiply of 4611686018427387904 and 2 is out of range");
}

// The values are those of OmegaConf 2.3.
TEST(Resolve, DecodeReadsTextAsTheValueOfAnOverride) {
  const auto decoded = [](const std::string& argument) {
    return canonical(
        resolved("{x: \"${oc.decode:" + argument + "}\", b: 5, s: '8'}").root().child("x")[0]);
  };
  EXPECT_EQ(decoded("'8'"), "8");
  EXPECT_EQ(decoded("${s}"), "8");
  EXPECT_EQ(decoded("'3.5'"), "3.5");
  EXPECT_EQ(decoded("'true'"), "true");
  EXPECT_EQ(decoded("'null'"), "null");
  EXPECT_EQ(decoded("null"), "null");
  EXPECT_EQ(decoded("'[1,2]'"), "[1,2]");
  EXPECT_EQ(decoded("'{a:1}'"), "{\"a\":1}");
  EXPECT_EQ(decoded("'a b'"), "\"a b\"");
  EXPECT_EQ(decoded("'${b}'"), "5");
  EXPECT_EQ(decoded("${oc.env:NO_SUCH,7}"), "7");
  EXPECT_EQ(decoded("${oc.env:NO_SUCH,null}"), "null");
  EXPECT_EQ(message("a: '${oc.decode:8}'"), "a: oc.decode takes text or null: the integer 8");
  EXPECT_EQ(message("a: \"${oc.decode:''}\""), "a: oc.decode: the text is empty");
  EXPECT_THAT(message("a: \"${oc.decode:'[1,'}\""), HasSubstr("a: a value is missing"));
}

TEST(Resolve, SelectTakesItsDefaultOnlyWhereThereIsNoKey) {
  EXPECT_EQ(message("x: ${oc.select:a,7}\na: ???"), "x: required: a");
  EXPECT_EQ(canonical(resolved("{x: '${oc.select:a.c,7}', a: {b: 1}}").root()),
            "{\"x\":7,\"a\":{\"b\":1}}");
}

TEST(Resolve, ChainsAreLimitedInLengthAndSize) {
  std::string chain = "k0: 1\n";
  for (int i = 1; i < 200; ++i)
    chain += concat("k", i, ": ${k", i - 1, "}\n");
  EXPECT_THAT(message(chain + "z: ${k199}\n"), HasSubstr("chained too deep"));

  std::string laughs = "k0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += concat("k", i, ":\n");
    for (int j = 0; j < 10; ++j)
      laughs += concat("- ${k", i - 1, "}\n");
  }
  EXPECT_THAT(message(laughs), HasSubstr("expand to too much data"));

  std::string text = "k0: aaaaaaaaaaaaaaaa\n";
  for (int i = 1; i < 30; ++i)
    text += concat("k", i, ": ${k", i - 1, "}${k", i - 1, "}\n");
  EXPECT_THAT(message(text), HasSubstr("expand to too much data"));

  std::string nested;
  for (int i = 0; i < 10'000; ++i)
    nested += "${";
  EXPECT_THAT(message(concat("a: '", nested, std::string(10'000, '}'), "'")),
              HasSubstr("nested too deep"));
}

}  // namespace
}  // namespace sbert
