#include "sbert/config/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/config/yaml.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> between(const char* from, const char* to) {
  return changes(ConfigTree(parse_yaml(from)), ConfigTree(parse_yaml(to)));
}

TEST(Changes, AreTheValuesThatDifferInTheirOrder) {
  EXPECT_THAT(between("a: 1\nm: {x: 2, y: [1, 2]}\ns: t", "a: 1\nm: {x: 3, y: [1, 2]}\ns: u"),
              ElementsAre("m.x=3", "s=u"));
}

TEST(Changes, AListIsOneValue) {
  EXPECT_THAT(between("m: [1, 2]", "m: [1, 3]"), ElementsAre("m=[1,3]"));
}

TEST(Changes, WhatIsNewIsAChangeAndWhatIsGoneIsNone) {
  EXPECT_THAT(between("a: 1", "b: {c: null, d: true}\ne: {}"),
              ElementsAre("b.c=null", "b.d=true", "e={}"));
}

TEST(Changes, AMapInPlaceOfAValueIsNewAsAWhole) {
  EXPECT_THAT(between("a: 1", "a: {b: 2}"), ElementsAre("a.b=2"));
}

TEST(Changes, OfEqualConfigurationsThereAreNone) {
  EXPECT_THAT(between("a: {b: [x]}", "a: {b: [x]}"), IsEmpty());
}

}  // namespace
}  // namespace sbert
