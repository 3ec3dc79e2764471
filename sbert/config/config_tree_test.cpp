#include "sbert/config/config_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::ElementsAre;

ConfigTree sample() {
  return ConfigTree(parse_yaml("{a: {b: 1, l: [x, {y: 2}]}, c: null}"));
}

TEST(SplitPath, TakesDotsAndBrackets) {
  EXPECT_THAT(split_path("a.b[0].c"), ElementsAre("a", "b", "0", "c"));
  EXPECT_THAT(split_path("a[0][1]"), ElementsAre("a", "0", "1"));
  EXPECT_THAT(split_path("a"), ElementsAre("a"));
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a[]", "a[0"}) {
    EXPECT_THROW(split_path(bad), Error) << bad;
  }
}

TEST(ConfigTree, FindsByDottedPath) {
  const ConfigTree tree = sample();
  EXPECT_EQ(canonical(*tree.find("a.b")), "1");
  EXPECT_EQ(canonical(*tree.find("a.l.1.y")), "2");
  EXPECT_EQ(canonical(*tree.find("a.l[0]")), "\"x\"");
  EXPECT_EQ(tree.find(""), &tree.root());
  for (const char* absent : {"b", "a.b.c", "a.l.2", "a.l.-1", "a.l.x", "a.l.1x"}) {
    EXPECT_EQ(tree.find(absent), nullptr) << absent;
  }
}

TEST(ConfigTree, SetMakesTheMapsOnTheWay) {
  ConfigTree tree = sample();
  tree.set("c.d.e", {true});
  tree.set("a.l.0", {std::int64_t{7}});
  EXPECT_EQ(canonical(tree.root()), R"({"a":{"b":1,"l":[7,{"y":2}]},"c":{"d":{"e":true}}})");
}

TEST(ConfigTree, SetRefusesWhatIsNoMapOnTheWay) {
  ConfigTree tree = sample();
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { tree.set("a.b.c", {}); }),
            "a.b.c: the parent of 'c' must be a map: the integer 1");
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { tree.set("a.l.5", {}); }),
            "a.l.5: '5' is not an index of a list of length 2");
  EXPECT_EQ(tree, sample());
}

TEST(ConfigTree, ErasesFromMapsAndLists) {
  ConfigTree tree = sample();
  EXPECT_TRUE(tree.erase("a.l.0"));
  EXPECT_TRUE(tree.erase("c"));
  EXPECT_FALSE(tree.erase("a.x"));
  EXPECT_FALSE(tree.erase("a.b.x"));
  EXPECT_EQ(canonical(tree.root()), R"({"a":{"b":1,"l":[{"y":2}]}})");
}

TEST(ConfigTree, ListsItsPathsInOrder) {
  EXPECT_THAT(sample().paths(), ElementsAre("a", "a.b", "a.l", "a.l.0", "a.l.1", "a.l.1.y", "c"));
}

TEST(ConfigTree, RootIsAMap) {
  EXPECT_THROW(ConfigTree(ConfigNode{true}), Error);
}

TEST(Describe, NamesEachKind) {
  EXPECT_EQ(describe({}), "null");
  EXPECT_EQ(describe({true}), "true");
  EXPECT_EQ(describe({std::int64_t{3}}), "the integer 3");
  EXPECT_EQ(describe({1.5}), "the number 1.5");
  EXPECT_EQ(describe({std::string("x")}), "the string 'x'");
  EXPECT_EQ(describe({ConfigNode::List{}}), "a list");
  EXPECT_EQ(describe({ConfigNode::Map{}}), "a map");
}

}  // namespace
}  // namespace sbert
