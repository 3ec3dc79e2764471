#include "sbert/base/field.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

struct Options {
  int steps = 3;
  double lr = 0.5;

  static constexpr auto fields() {
    return std::tuple{field("steps", &Options::steps, "updates"),
                      field("lr", &Options::lr, "learning rate")};
  }
};

TEST(ForEachField, VisitsInTheOrderOfDeclaration) {
  static_assert(HasFields<Options> && !HasFields<int>);
  Options options;
  std::vector<std::string> keys;
  for_each_field<Options>([&](const auto& each) {
    keys.emplace_back(each.key);
    options.*each.member *= 2;
  });
  EXPECT_THAT(keys, testing::ElementsAre("steps", "lr"));
  EXPECT_EQ(options.steps, 6);
  EXPECT_EQ(options.lr, 1.0);
}

}  // namespace
}  // namespace sbert
