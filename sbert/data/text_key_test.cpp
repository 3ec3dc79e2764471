#include "sbert/data/text_key.h"

#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include "sbert/base/concat.h"

namespace sbert {
namespace {

TEST(TextKey, WhiteSpaceAndCaseDoNotCount) {
  const std::uint64_t key = text_key("what is an apple?");
  EXPECT_EQ(text_key("What is an Apple?"), key);
  EXPECT_EQ(text_key(" \twhat  is\r\nan apple?\n"), key);
  EXPECT_EQ(text_key(" \n"), text_key(""));
}

TEST(TextKey, TheRestCounts) {
  EXPECT_NE(text_key("an apple"), text_key("anapple"));
  EXPECT_NE(text_key("an apple"), text_key("an apple."));
  EXPECT_NE(text_key("\xC3\xA9"), text_key("e"));
  EXPECT_NE(text_key(std::string(7, '\0')), text_key(std::string(8, '\0')));
  EXPECT_NE(text_key("12345678"), text_key("123456781"));
}

TEST(TextKey, NoneIsZeroAndTenThousandDiffer) {
  std::unordered_set<std::uint64_t> keys;
  for (int i = 0; i < 10'000; ++i) {
    keys.insert(text_key(concat("text ", i)));
    keys.insert(bytes_key(concat("TEXT ", i)));
  }
  EXPECT_EQ(keys.size(), 20'000U);
  EXPECT_EQ(keys.count(0), 0U);
}

TEST(BytesKey, EachByteAndTheLengthCount) {
  EXPECT_EQ(bytes_key("0123456789"), bytes_key("0123456789"));
  EXPECT_NE(bytes_key("0123456789"), bytes_key("0123456788"));
  EXPECT_NE(bytes_key("1123456789"), bytes_key("0123456789"));
  EXPECT_NE(bytes_key("A"), bytes_key("a"));
  EXPECT_NE(bytes_key(std::string(8, '\0')), bytes_key(std::string(16, '\0')));
  EXPECT_NE(bytes_key(""), 0U);
}

}  // namespace
}  // namespace sbert
