#include "sbert/data/text_excerpt.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(Excerpt, IsCutBetweenCharacters) {
  EXPECT_EQ(excerpt("short"), "short");
  EXPECT_EQ(excerpt(std::string(80, 'a')), std::string(80, 'a'));
  EXPECT_EQ(excerpt(std::string(81, 'a')), std::string(80, 'a') + "...");
  EXPECT_EQ(excerpt(std::string(79, 'a') + "\xC3\xA4z"), std::string(79, 'a') + "...");
  EXPECT_EQ(excerpt("a\tb\nc"), "a b c");
}

}  // namespace
}  // namespace sbert
