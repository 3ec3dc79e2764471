#include "sbert/config/json.h"

#include <gtest/gtest.h>

#include "sbert/config/yaml.h"

namespace sbert {
namespace {

TEST(Json, HoldsEveryKindOfNodeInOrder) {
  const ConfigNode node = parse_yaml("b: [1, 2.5, null]\na: {x: yes, y: 'a \"b\"'}\nc: .inf\n");
  EXPECT_EQ(write_json(node), R"({"b":[1,2.5,null],"a":{"x":true,"y":"a \"b\""},"c":null})");
}

}  // namespace
}  // namespace sbert
