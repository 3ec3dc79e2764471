#include "sbert/text/bert_normalizer.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

constexpr BertNormalizerOptions kNothing{
    .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};

std::string normalize(const BertNormalizerOptions& options, std::string_view text) {
  std::string out;
  BertNormalizer(options).append(text, out);
  return out;
}

TEST(BertNormalizer, WithoutAnyStepTextStaysAsItIs) {
  const std::string text("A\u00C9\u65E5\0\t\u200B\u0301 z", 15);
  EXPECT_EQ(normalize(kNothing, text), text);
}

TEST(BertNormalizer, CleaningDropsControlsAndMakesEverySpaceOne) {
  BertNormalizerOptions options = kNothing;
  options.clean_text = true;
  EXPECT_EQ(normalize(options, std::string_view("a\0b\x01\x7F"
                                                "c\u200B\uFFFD",
                                                12)),
            "abc");
  EXPECT_EQ(normalize(options, "a\tb\nc\rd\u00A0e\u3000f"), "a b c d e f");
  EXPECT_EQ(normalize(options, "a\x0B\x0C\u0085z"), "az");
}

TEST(BertNormalizer, IdeographsGetSpacesOnBothSides) {
  BertNormalizerOptions options = kNothing;
  options.handle_chinese_chars = true;
  EXPECT_EQ(normalize(options, "a\u65E5\u672Cb"), "a \u65E5  \u672C b");
  EXPECT_EQ(normalize(options, "\u3042\uAC00"), "\u3042\uAC00");
}

TEST(BertNormalizer, StrippingAccentsDecomposesAndKeepsTheCase) {
  BertNormalizerOptions options = kNothing;
  options.strip_accents = true;
  EXPECT_EQ(normalize(options, "\u00C9t\u00E9 e\u0301\u0323"), "Ete e");
  EXPECT_EQ(normalize(options, "\uAC01"), "\u1100\u1161\u11A8");
  EXPECT_EQ(normalize(options, "\uF900"), "\u8C48");
}

TEST(BertNormalizer, SpacingMarksAreKeptInCanonicalOrder) {
  BertNormalizerOptions options = kNothing;
  options.strip_accents = true;
  // U+1D165 has class 216, U+302E 224, U+1D16D 226: sorted, without the U+0301 among them.
  EXPECT_EQ(normalize(options, "a\u302E\u0301\U0001D16D\U0001D165z"),
            "a\U0001D165\u302E\U0001D16Dz");
  // A starter between them keeps their order, and so does one that is dropped.
  EXPECT_EQ(normalize(options, "a\u302Eb\U0001D165"), "a\u302Eb\U0001D165");
  EXPECT_EQ(normalize(options, "a\u302E\u034F\U0001D165"), "a\u302E\U0001D165");
}

TEST(BertNormalizer, ACleanedCharacterDoesNotPartMarks) {
  BertNormalizerOptions options = kNothing;
  options.strip_accents = true;
  options.clean_text = true;
  EXPECT_EQ(normalize(options, std::string_view("a\u302E\0\U0001D165z", 10)), "a\U0001D165\u302Ez");
}

TEST(BertNormalizer, LowerCaseKnowsNoFinalSigma) {
  BertNormalizerOptions options = kNothing;
  options.lowercase = true;
  EXPECT_EQ(normalize(options, "\u03A3\u0391\u03A3 \u0130 \u00C9 ABC"),
            "\u03C3\u03B1\u03C3 i\u0307 \u00E9 abc");
}

TEST(BertNormalizer, TheWholeOfItForAnUncasedModel) {
  EXPECT_EQ(normalize({}, "H\u00C9LLO\tW\u00F6rld\u65E5\u200B!"), "hello world \u65E5 !");
  EXPECT_EQ(normalize({}, ""), "");
}

TEST(BertNormalizer, PartsCutBeforeASpaceGiveTheWhole) {
  const std::string text = "a\u302E\u0301 \U0001D165 b\u0323 c";
  const std::string whole = normalize({}, text);
  for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
    EXPECT_EQ(normalize({}, text.substr(0, at)) + normalize({}, text.substr(at)), whole);
  }
}

}  // namespace
}  // namespace sbert
