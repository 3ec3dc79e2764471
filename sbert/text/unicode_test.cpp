#include "sbert/text/unicode.h"

#include <string>

#include <gmock/gmock.h>

namespace sbert {
namespace {

using enum CharacterProperties::Flag;

std::u32string jamo(char32_t syllable) {
  const HangulDecomposition hangul = decompose_hangul(syllable);
  return {hangul.jamo, static_cast<std::size_t>(hangul.num_jamo)};
}

TEST(Unicode, ControlAndFormatCharactersAreRemovedButUnassignedOnesAreNot) {
  for (const char32_t c : {0x0, 0x1F, 0x7F, 0x85, 0xAD, 0x200B, 0xE000, 0xFFFD, 0x10FFFD}) {
    EXPECT_TRUE(properties_of(c).is(kRemoved)) << std::hex << std::uint32_t{c};
  }
  for (const char32_t c : {0x20, 0x41, 0x378, 0x0890, 0x10FFFF}) {
    EXPECT_FALSE(properties_of(c).is(kRemoved)) << std::hex << std::uint32_t{c};
  }
}

TEST(Unicode, WhiteSpaceIsThatOfTheStandard) {
  for (const char32_t c : {0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A,
                           0x2028, 0x2029, 0x202F, 0x205F, 0x3000}) {
    EXPECT_TRUE(properties_of(c).is(kWhiteSpace)) << std::hex << std::uint32_t{c};
  }
  EXPECT_FALSE(properties_of(0x1C).is(kWhiteSpace));
  EXPECT_FALSE(properties_of(0x200B).is(kWhiteSpace));
}

TEST(Unicode, PunctuationIsAsciiPunctuationAndTheStandardsOfItsAge) {
  for (const char32_t c : {U'!', U'$', U'~', U'^', U'`', U'\u00BF', U'\u2014', U'\u3002'}) {
    EXPECT_TRUE(properties_of(c).is(kPunctuation)) << std::hex << std::uint32_t{c};
  }
  for (const char32_t c : {U'a', U'0', U'\u00A3', U'\u20AC', U'\u2E4F'}) {  // 2E4F: of Unicode 12
    EXPECT_FALSE(properties_of(c).is(kPunctuation)) << std::hex << std::uint32_t{c};
  }
}

TEST(Unicode, IdeographsHaveTheGapOfTheReference) {
  for (const char32_t c : {0x3400, 0x4E00, 0x9FFF, 0xF900, 0x20000, 0x2B81F, 0x2B920, 0x2FA1F}) {
    EXPECT_TRUE(properties_of(c).is(kCjk)) << std::hex << std::uint32_t{c};
  }
  for (const char32_t c : {0x3042, 0xAC00, 0x2B820, 0x2B91F, 0x30000}) {
    EXPECT_FALSE(properties_of(c).is(kCjk)) << std::hex << std::uint32_t{c};
  }
}

TEST(Unicode, WordCharactersAreLettersDigitsMarksAndUnderscores) {
  for (const char32_t c : {U'a', U'9', U'_', U'\u00E9', U'\u0301', U'\u200D', U'\u65E5'}) {
    EXPECT_TRUE(properties_of(c).is(kWord)) << std::hex << std::uint32_t{c};
  }
  for (const char32_t c : {U' ', U'-', U'=', U'.', U'\u00B2'}) {
    EXPECT_FALSE(properties_of(c).is(kWord)) << std::hex << std::uint32_t{c};
  }
}

TEST(Unicode, MarksHaveTheirCombiningClass) {
  EXPECT_EQ(properties_of(0x0301).combining_class, 230);
  EXPECT_EQ(properties_of(0x0323).combining_class, 220);
  EXPECT_EQ(properties_of(0x0334).combining_class, 1);
  EXPECT_EQ(properties_of(0x0345).combining_class, 240);
  EXPECT_EQ(properties_of(U'a').combining_class, 0);
  EXPECT_TRUE(properties_of(0x0301).is(kNonspacingMark));
  EXPECT_FALSE(properties_of(0x302E).is(kNonspacingMark));  // a spacing mark
  EXPECT_EQ(properties_of(0x302E).combining_class, 224);
}

TEST(Unicode, DecompositionsAreFull) {
  EXPECT_EQ(decomposition(U'\u00E9'), U"e\u0301");
  EXPECT_EQ(decomposition(U'\u1E69'), U"s\u0323\u0307");
  EXPECT_EQ(decomposition(U'\u212B'), U"A\u030A");
  EXPECT_EQ(decomposition(U'\uF900'), U"\u8C48");
  EXPECT_EQ(decomposition(U'a'), U"");
  EXPECT_EQ(decomposition(U'\U0010FFFF'), U"");
}

TEST(Unicode, LowerFormsMayBeSeveralCharacters) {
  EXPECT_EQ(lower_form(U'A'), U"a");
  EXPECT_EQ(lower_form(U'\u0130'), U"i\u0307");
  EXPECT_EQ(lower_form(U'\u03A3'), U"\u03C3");
  EXPECT_EQ(lower_form(U'\u1E9E'), U"\u00DF");
  EXPECT_EQ(lower_form(U'a'), U"");
}

TEST(Unicode, FlagsAgreeWithTheMaps) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    ASSERT_EQ(properties_of(c).is(kDecomposes), !decomposition(c).empty()) << std::uint32_t{c};
    ASSERT_EQ(properties_of(c).is(kHasLowerForm), !lower_form(c).empty()) << std::uint32_t{c};
  }
}

TEST(Unicode, HangulSyllablesDecomposeByRule) {
  EXPECT_EQ(jamo(0xAC00), U"\u1100\u1161");
  EXPECT_EQ(jamo(0xAC01), U"\u1100\u1161\u11A8");
  EXPECT_EQ(jamo(0xD7A3), U"\u1112\u1175\u11C2");
  EXPECT_EQ(jamo(0xABFF), U"");
  EXPECT_EQ(jamo(0xD7A4), U"");
}

}  // namespace
}  // namespace sbert
