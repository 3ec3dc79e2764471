#include "sbert/search/words.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(WordForm, ForgetsCaseAccentsPunctuationAndSpace) {
  EXPECT_EQ(word_form("  Hello,\tWORLD!! "), "hello world");
  EXPECT_EQ(word_form("Caf\xC3\xA9 na\xC3\xAFve"), "cafe naive");
  EXPECT_EQ(word_form("state-of-the-art (2020)"), "state of the art 2020");
  EXPECT_EQ(word_form("\xE2\x80\x9Cquoted\xE2\x80\x9D \xE2\x80\x93 dash"), "quoted dash");
}

TEST(WordForm, OfNoWordsIsEmpty) {
  EXPECT_EQ(word_form(""), "");
  EXPECT_EQ(word_form(" .,;- \n"), "");
}

TEST(WordForm, MakesEachIdeographAWord) {
  EXPECT_EQ(word_form("\xE4\xB8\xAD\xE6\x96\x87"), "\xE4\xB8\xAD \xE6\x96\x87");
}

TEST(WordForm, LeavesOutBytesThatAreNotUtf8) {
  EXPECT_EQ(word_form("one\xFFtwo"), "onetwo");
  EXPECT_EQ(word_form("one \xC3"), "one");
}

}  // namespace
}  // namespace sbert
