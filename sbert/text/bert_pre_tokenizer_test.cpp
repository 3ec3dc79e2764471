#include "sbert/text/bert_pre_tokenizer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/text/unicode.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> words;
  std::size_t position = 0;
  for (std::string_view word = next_word(text, position); !word.empty();
       word = next_word(text, position)) {
    words.emplace_back(word);
  }
  EXPECT_EQ(position, text.size());
  return words;
}

TEST(BertPreTokenizer, SpaceSeparatesAndPunctuationStandsAlone) {
  EXPECT_THAT(words("  don't stop -- now.\n"),
              ElementsAre("don", "'", "t", "stop", "-", "-", "now", "."));
}

TEST(BertPreTokenizer, OtherScriptsHaveSpaceAndPunctuationToo) {
  EXPECT_THAT(words("\u00E9t\u00E9\u3000\u65E5\u3002\u672C\u2014x"),
              ElementsAre("\u00E9t\u00E9", "\u65E5", "\u3002", "\u672C", "\u2014", "x"));
}

TEST(BertPreTokenizer, TextWithoutAWordHasNone) {
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words(" \t\u00A0"), IsEmpty());
}

TEST(BertPreTokenizer, AsciiAgreesWithTheTables) {
  for (char c = 0; c >= 0 && c < 127; ++c) {
    const CharacterProperties properties = properties_of(static_cast<unsigned char>(c));
    const std::string text{'a', c, 'b'};
    if (properties.is(CharacterProperties::kWhiteSpace)) {
      EXPECT_THAT(words(text), ElementsAre("a", "b"));
    } else if (properties.is(CharacterProperties::kPunctuation)) {
      EXPECT_THAT(words(text), ElementsAre("a", std::string{c}, "b"));
    } else {
      EXPECT_THAT(words(text), ElementsAre(text));
    }
  }
}

}  // namespace
}  // namespace sbert
