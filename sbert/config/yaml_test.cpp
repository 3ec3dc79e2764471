#include "sbert/config/yaml.h"

#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"

namespace sbert {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string parsed(std::string_view text) {
  return canonical(parse_yaml(text));
}

TEST(ParseYaml, ReadsBlockAndFlowStyle) {
  EXPECT_EQ(parsed("a:\n  b: 1\n  c:\n  - x\n  - y: 2e-4\nd: {e: [~, true]}  # note\n"),
            R"({"a":{"b":1,"c":["x",{"y":0.0002}]},"d":{"e":[null,true]}})");
}

TEST(ParseYaml, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parsed("{z: 1, a: 2}"), R"({"z":1,"a":2})");
}

TEST(ParseYaml, EmptyDocumentIsAnEmptyMap) {
  EXPECT_EQ(parsed(""), "{}");
  EXPECT_EQ(parsed("# nothing\n"), "{}");
  EXPECT_EQ(parsed("---\n"), "{}");
}

TEST(ParseYaml, QuotedScalarsAreStrings) {
  EXPECT_EQ(parsed("{a: '1', b: \"null\", c: ''}"), R"({"a":"1","b":"null","c":""})");
  EXPECT_TRUE(parse_yaml("'1'").is_quoted);
  EXPECT_FALSE(parse_yaml("x").is_quoted);
}

TEST(ParseYaml, TagsOfPlainTypesAreTaken) {
  EXPECT_EQ(
      parsed("{a: !!str 1, b: !!float 1, c: !!int 2, d: !!bool yes, e: !!null ~, f: !!map {}}"),
      R"({"a":"1","b":1.0,"c":2,"d":true,"e":null,"f":{}})");
}

TEST(ParseYaml, AliasStandsForWhatItNames) {
  EXPECT_EQ(parsed("{a: &x {b: 1}, c: *x}"), R"({"a":{"b":1},"c":{"b":1}})");
}

std::string message(std::string_view text) {
  return message_of(ErrorKind::kInput, [&] { parse_yaml(text); });
}

TEST(ParseYaml, ErrorsNameThePlace) {
  EXPECT_EQ(message("a: 1\nb: 2\na: 3\n"), "line 3, column 1: duplicate key: a");
  EXPECT_EQ(message("x: {a: 1, a: 2}"), "line 1, column 11: duplicate key: a");
  EXPECT_THAT(message("a: [1, 2\nb: 3"), HasSubstr("line 2"));
  EXPECT_THAT(message("a: !!python/object:os.system x"), HasSubstr("tag:yaml.org,2002:python"));
  EXPECT_THAT(message("a: !!int x"), HasSubstr("does not fit"));
  EXPECT_THAT(message("<<: {a: 1}"), HasSubstr("merge keys (<<) are not supported"));
  EXPECT_THAT(message("? [a]\n: 1"), HasSubstr("a key must be a single word"));
  EXPECT_THAT(message("~: 1"), HasSubstr("a key must be a single word"));
  EXPECT_THAT(message("a: 1\n---\nb: 2\n"), HasSubstr("one document"));
  EXPECT_THAT(message(std::string_view("a: \0", 4)), HasSubstr("NUL"));
  EXPECT_THAT(message("a: *x"), HasSubstr("line 1"));
  EXPECT_THAT(message("a: &x [*x]"), HasSubstr("an alias is inside the node that it refers to"));
}

TEST(ParseYaml, DepthAndSizeAreLimited) {
  EXPECT_NO_THROW(parse_yaml(std::string(64, '[') + std::string(64, ']')));
  EXPECT_THAT(message(std::string(65, '[') + std::string(65, ']')), HasSubstr("nested too deep"));
  EXPECT_THROW(parse_yaml(std::string(100'000, '[')), Error);
  EXPECT_THROW(parse_yaml(std::string(100'000, '{')), Error);

  std::string laughs = "k0: &k0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  std::string deep = "k0: &k0 [1]\n";
  for (int i = 1; i < 100; ++i) {
    const std::string alias = concat("*k", i - 1);
    laughs += concat("k", i, ": &k", i, " [", alias, ", ", alias, ", ", alias, "]\n");
    deep += concat("k", i, ": &k", i, " [", alias, "]\n");
  }
  EXPECT_THAT(message(laughs), HasSubstr("too many nodes"));
  EXPECT_THAT(message(deep), HasSubstr("nested too deep"));
}

class ReadYaml : public testing::Test {
 protected:
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "read_yaml_test.yaml";
};

TEST_F(ReadYaml, ReadsAFile) {
  write_file_atomically(path_, "a: {b: 1}\n");
  EXPECT_EQ(canonical(*read_yaml(path_).find("a.b")), "1");
}

TEST_F(ReadYaml, ErrorsNameTheFile) {
  write_file_atomically(path_, "- a\n");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { read_yaml(path_); }),
              EndsWith("read_yaml_test.yaml: the root must be a map: a list"));
  write_file_atomically(path_, "{");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { read_yaml(path_); }),
              HasSubstr("read_yaml_test.yaml: line 1"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_yaml(path_.native() + ".absent"); }),
              HasSubstr("read_yaml_test.yaml.absent"));
}

TEST(WriteYaml, IsBlockStyle) {
  EXPECT_EQ(write_yaml(parse_yaml("{a: {b: 1, c: [x, [y], {z: 1}]}, d: {}, e: [], f: null}")),
            "a:\n"
            "  b: 1\n"
            "  c:\n"
            "    - x\n"
            "    -\n"
            "      - y\n"
            "    -\n"
            "      z: 1\n"
            "d: {}\n"
            "e: []\n"
            "f: null\n");
}

TEST(WriteYaml, StringsThatReadAsSomethingElseAreQuoted) {
  for (const char* text : {"1",
                           "1.5",
                           "2e-4",
                           "true",
                           "yes",
                           "null",
                           "~",
                           "",
                           ".inf",
                           " a",
                           "a ",
                           "a: b",
                           "a #b",
                           "- a",
                           "[a",
                           "{a",
                           "*a",
                           "&a",
                           "!a",
                           "%a",
                           "@a",
                           "'a'",
                           "\"a\"",
                           "---",
                           "...",
                           "a\nb",
                           "a\tb",
                           "?",
                           ":",
                           "a:",
                           "=",
                           "<<",
                           "0x1F",
                           "\x01",
                           "\x7F",
                           "\xC2\x85",
                           "\xE2\x80\xA8",
                           "\xEF\xBB\xBF",
                           "é"}) {
    const ConfigNode node{ConfigNode::Map{{"k", {std::string(text)}}}};
    EXPECT_EQ(canonical(parse_yaml(write_yaml(node))), canonical(node)) << write_yaml(node);
  }
  EXPECT_EQ(write_yaml({std::string("/a/b.json")}), "/a/b.json\n");
  EXPECT_EQ(write_yaml({std::string("true")}), "'true'\n");
  EXPECT_EQ(write_yaml({std::string("it's 1:30")}), "'it''s 1:30'\n");
  EXPECT_EQ(write_yaml({std::string("a\n\"b\\")}), "\"a\\x0A\\\"b\\\\\"\n");
}

TEST(WriteYaml, QuotesStayWhereTheyWere) {
  EXPECT_EQ(write_yaml(parse_yaml("a: 'x'\nb: x\n")), "a: 'x'\nb: x\n");
}

TEST(WriteYaml, NumbersAreInTheirShortestForm) {
  EXPECT_EQ(write_yaml({2e-4}), "0.0002\n");
  EXPECT_EQ(write_yaml({1e-12}), "1.0e-12\n");
  EXPECT_EQ(write_yaml({1.0}), "1.0\n");
  EXPECT_EQ(write_yaml({-std::numeric_limits<double>::infinity()}), "-.inf\n");
  EXPECT_EQ(write_yaml({std::numeric_limits<double>::quiet_NaN()}), ".nan\n");
  EXPECT_EQ(canonical(parse_yaml(".nan")), "nan");
}

/// A tree with the strings and numbers that are hard to write.
ConfigNode random_node(std::mt19937& random, int depth) {
  constexpr std::string_view kPieces[] = {"a",    "B",    "1",  "0",  ".",    "-",  "e", ":", " ",
                                          "#",    "'",    "\"", "\\", "\n",   "\t", "{", "]", ",",
                                          "null", "true", "~",  "é",  "\x02", "%",  "&", "*", "!",
                                          "|",    ">",    "?",  "_",  "\r",   "x"};
  const auto text = [&] {
    std::string result;
    for (auto length = random() % 6; length > 0; --length) {
      result += kPieces[random() % std::size(kPieces)];
    }
    return result;
  };
  switch (random() % (depth > 3 ? 5 : 7)) {
    case 0:
      return {};
    case 1:
      return {random() % 2 == 0};
    case 2:
      return {static_cast<std::int64_t>(random()) - (std::int64_t{1} << 31)};
    case 3:
      return {std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 100)};
    case 4:
      return {text()};
    case 5: {
      ConfigNode::List items;
      for (auto size = random() % 4; size > 0; --size)
        items.push_back(random_node(random, depth + 1));
      return {std::move(items)};
    }
    default: {
      ConfigNode node{ConfigNode::Map{}};
      for (auto size = random() % 4; size > 0; --size) {
        const std::string key = text();
        if (node.child(key) == nullptr)
          node.map()->push_back({key, random_node(random, depth + 1)});
      }
      return node;
    }
  }
}

TEST(WriteYaml, RandomTreesReadBackTheSame) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    const ConfigNode node{ConfigNode::Map{{"root", random_node(random, 0)}}};
    ASSERT_EQ(canonical(parse_yaml(write_yaml(node))), canonical(node)) << write_yaml(node);
  }
}

TEST(ParseYaml, RandomTextIsReadOrRefused) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  constexpr std::string_view kCharacters = "ab1:-[]{},&*!|>'\"%#\n\n  \t?~<.\\";
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (auto length = random() % 24; length > 0; --length) {
      text += kCharacters[random() % kCharacters.size()];
    }
    try {
      parse_yaml(text);
    } catch (const Error& error) {
      ASSERT_EQ(exit_code(error.kind()), 3) << text << '\n' << error.what();
    }
  }
}

}  // namespace
}  // namespace sbert
