#include "sbert/text/utf8.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

// The expected texts are Python's bytes.decode("utf-8", "replace").
std::string marks(int count) {
  std::string out;
  for (int i = 0; i < count; ++i)
    out += "\xEF\xBF\xBD";
  return out;
}

TEST(Utf8, DecodesTheFirstAndLastCharacterOfEachLength) {
  for (const char32_t expected :
       {0x0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF}) {
    std::string text;
    append_character(text, expected);
    const DecodedCharacter character = decode_character(text, 0);
    EXPECT_EQ(character.code_point, expected);
    EXPECT_EQ(character.length, text.size());
    EXPECT_TRUE(character.is_valid);
  }
}

TEST(Utf8, WritesTheBytesOfTheStandard) {
  std::string text;
  for (const char32_t c : {U'A', U'\u00E9', U'\u65E5', U'\U0001F600'})
    append_character(text, c);
  EXPECT_EQ(text, "A\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80");
}

TEST(Utf8, AnInvalidSequenceIsReplacedByMaximalSubparts) {
  EXPECT_EQ(replace_invalid_utf8("a\x80z"), "a" + marks(1) + "z");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82z"), marks(1) + "z");  // cut short
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98"), marks(1));     // cut short at the end
  EXPECT_EQ(replace_invalid_utf8("\xC3"), marks(1));             // a lead byte alone
  EXPECT_EQ(replace_invalid_utf8("\xE2\xE2\x82\xAC"), marks(1) + "\xE2\x82\xAC");
  EXPECT_EQ(replace_invalid_utf8("\xFF\xFE"), marks(2));
}

TEST(Utf8, OverlongFormsSurrogatesAndTooLargeValuesAreInvalidByteByByte) {
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF"), marks(2));
  EXPECT_EQ(replace_invalid_utf8("\xC1\xBF"), marks(2));
  EXPECT_EQ(replace_invalid_utf8("\xE0\x9F\xBF"), marks(3));
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), marks(3));
  EXPECT_EQ(replace_invalid_utf8("\xF0\x8F\xBF\xBF"), marks(4));
  EXPECT_EQ(replace_invalid_utf8("\xF4\x90\x80\x80"), marks(4));
  EXPECT_EQ(replace_invalid_utf8("\xF8\x88\x80\x80\x80"), marks(5));
}

TEST(Utf8, ValidTextStaysAsItIs) {
  const std::string text = "caf\xC3\xA9 \xE6\x97\xA5\xF0\x9F\x98\x80 and a tail";
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_EQ(replace_invalid_utf8(text), text);
  EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Utf8, AnInvalidByteIsFoundAtEveryPlace) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'a');
    text[at] = '\xE9';
    EXPECT_FALSE(is_valid_utf8(text)) << at;
  }
}

TEST(Utf8, TheAsciiPrefixEndsAtTheFirstHighByte) {
  for (std::size_t length = 0; length < 20; ++length) {
    EXPECT_EQ(ascii_prefix(std::string(length, 'a')), length);
    EXPECT_EQ(ascii_prefix(std::string(length, 'a') + "\xC3\xA9" + std::string(9, 'a')), length);
  }
}

TEST(Utf8, CharactersAreCountedNotBytes) {
  EXPECT_EQ(count_characters(""), 0U);
  EXPECT_EQ(count_characters("a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80"), 4U);
}

}  // namespace
}  // namespace sbert
