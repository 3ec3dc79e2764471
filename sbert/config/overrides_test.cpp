#include "sbert/config/overrides.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/config/golden_lines.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::HasSubstr;

ConfigTree tree_of(std::string_view text) {
  return ConfigTree(parse_yaml(text));
}

// The tree of make_golden.py.
ConfigTree golden_tree() {
  return tree_of(
      "a: {b: 1, c: x, d: null, e: [1, 2, 3], f: {g: 1.5, h: {i: true}}}\n"
      "top: 1\n"
      "req: ???\n");
}

std::string composed(const std::vector<std::string>& words) {
  ConfigTree tree = golden_tree();
  try {
    apply_overrides(tree, words);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return "error";
  }
  return canonical(tree.root());
}

TEST(Overrides, ApplyAsHydraAppliesThem) {
  const auto lines = read_golden_lines("overrides.tsv");
  ASSERT_GT(lines.size(), 40U);
  for (const GoldenLine& line : lines) {
    // A slash means a config group, which we have none of.
    const std::string& expected = line.input[0] == "+x/y=1" ? "error" : line.expected;
    EXPECT_EQ(composed(line.input), expected) << line.input[0];
  }
}

TEST(Overrides, KindsAreToldApartByTheirPrefix) {
  EXPECT_EQ(parse_override("a.b=1").kind, OverrideKind::kChange);
  EXPECT_EQ(parse_override("+a.b=1").kind, OverrideKind::kAdd);
  EXPECT_EQ(parse_override("++a.b=1").kind, OverrideKind::kForce);
  EXPECT_EQ(parse_override("~a.b").kind, OverrideKind::kDelete);
  EXPECT_EQ(parse_override("++a.b=1").key, "a.b");
  EXPECT_FALSE(parse_override("~a.b").value.has_value());
}

TEST(Overrides, ScalarOnTheWayIsNotDroppedByAdd) {
  ConfigTree tree = golden_tree();
  const std::string words[] = {"+top.x=1"};
  EXPECT_THROW(apply_overrides(tree, words), Error);
  EXPECT_EQ(tree, golden_tree());
}

std::string message(const std::vector<std::string>& words) {
  ConfigTree tree = tree_of(
      "model: {micro_batch_size: 4, seed: 1234, optim: {lr: 2e-4}}\n"
      "trainer: {devices: 1}\n");
  const ConfigTree before = tree;
  const std::string result = message_of(ErrorKind::kUsage, [&] { apply_overrides(tree, words); });
  EXPECT_EQ(tree, before);
  return result;
}

TEST(Overrides, UnknownKeyNamesTheNearestOne) {
  EXPECT_EQ(
      message({"model.micro_bath_size=8"}),
      "unknown key: model.micro_bath_size (did you mean 'model.micro_batch_size'?); to add it "
      "use +model.micro_bath_size=8");
  EXPECT_THAT(message({"lr=1"}), HasSubstr("did you mean 'model.optim.lr'?"));
  EXPECT_EQ(message({"zzzzzz=1"}), "unknown key: zzzzzz; to add it use +zzzzzz=1");
  EXPECT_THAT(message({"model={sed:1}"}),
              HasSubstr("unknown key: model.sed (did you mean 'model.seed'?)"));
}

TEST(Overrides, AddingWhatIsThereIsAnError) {
  EXPECT_EQ(message({"+model.seed=1"}),
            "model.seed is there already; to change it use model.seed=1, or ++model.seed=1 whether "
            "it is there or not");
}

TEST(Overrides, DeletingChecksKeyAndValue) {
  EXPECT_EQ(message({"~model.sed"}),
            "unknown key: model.sed (did you mean 'model.seed'?); nothing to delete: ~model.sed");
  EXPECT_EQ(message({"~model.seed=2"}),
            "model.seed is not deleted: it is the integer 1234, not the integer 2");
}

// Hydra 1.3 deletes no key whose value is null; it is there all the same.
TEST(Overrides, DeletingANullSaysThatItIsNull) {
  ConfigTree tree(parse_yaml("{model: {sed: null, seed: 1}}"));
  const auto message_for = [&](std::string_view word) {
    return message_of(ErrorKind::kUsage, [&] { apply_override(tree, parse_override(word)); });
  };
  EXPECT_EQ(message_for("~model.sed"),
            "model.sed is null already; there is nothing to delete: ~model.sed");
  EXPECT_EQ(message_for("~model.sed=null"),
            "model.sed is null already; there is nothing to delete: ~model.sed=null");
}

TEST(Overrides, WordsThatAreNoneAreNamed) {
  EXPECT_EQ(message({"should"}), "not an override (key=value): should");
  EXPECT_EQ(message({" #"}), "not an override (key=value):  #");
  EXPECT_EQ(message({"=1"}), "not an override (key=value): =1");
  EXPECT_EQ(message({"a b=1"}), "not an override (key=value): a b=1");
  EXPECT_EQ(message({"a..b=1"}), "a key has an empty part: 'a..b'");
  EXPECT_EQ(message({"db@pkg=mysql"}), "config groups are not supported: db@pkg=mysql");
  EXPECT_EQ(message({"hydra.run.dir=."}),
            "settings of Hydra itself are not supported: hydra.run.dir=.");
  EXPECT_THAT(message({"model.seed=1,2"}), HasSubstr("model.seed: several values"));
}

}  // namespace
}  // namespace sbert
