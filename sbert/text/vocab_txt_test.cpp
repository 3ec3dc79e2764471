#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/text/tokenizer_definition.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::string_view kLines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n";

std::string error_of(std::string_view bytes, const TokenizerConfig& config = {}) {
  try {
    read_vocab_txt(bytes, config);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(VocabTxt, APieceALineWithoutTheBlanksAtItsEnd) {
  EXPECT_THAT(read_vocab_txt("[CLS]\n[SEP]\r\n\n b \t\nc\rd\ne\u3000", {}).vocabulary,
              ElementsAre(Pair("[CLS]", 0), Pair("[SEP]", 1), Pair("", 2), Pair(" b", 3),
                          Pair("c\rd", 4), Pair("e", 5)));
}

TEST(VocabTxt, AClassThatNeedsATokenizerJsonIsRefused) {
  EXPECT_EQ(error_of(kLines, {.tokenizer_class = TokenizerClass::kGeneric}),
            "the tokenizer_class of tokenizer_config.json needs a tokenizer.json; BertTokenizer "
            "reads this file");
}

TEST(VocabTxt, OfEqualLinesTheLastCounts) {
  EXPECT_THAT(read_vocab_txt("[CLS]\na\n[SEP]\na\n", {}).vocabulary,
              UnorderedElementsAre(Pair("[CLS]", 0), Pair("a", 3), Pair("[SEP]", 2)));
}

TEST(VocabTxt, LowerCaseAndAccentsGoTogetherUnlessToldOtherwise) {
  EXPECT_TRUE(read_vocab_txt(kLines, {}).normalizer.lowercase);
  EXPECT_TRUE(read_vocab_txt(kLines, {}).normalizer.strip_accents);
  const BertNormalizerOptions cased = read_vocab_txt(kLines, {.do_lower_case = false}).normalizer;
  EXPECT_FALSE(cased.lowercase);
  EXPECT_FALSE(cased.strip_accents);
  const BertNormalizerOptions mixed =
      read_vocab_txt(kLines, {.strip_accents = false, .tokenize_chinese_chars = false}).normalizer;
  EXPECT_TRUE(mixed.lowercase);
  EXPECT_FALSE(mixed.strip_accents);
  EXPECT_FALSE(mixed.handle_chinese_chars);
}

TEST(VocabTxt, SpecialTokensOfTheVocabularyAreAddedTokens) {
  const std::vector<AddedToken> tokens = read_vocab_txt(kLines, {}).added_tokens;
  EXPECT_THAT(tokens, UnorderedElementsAre(Field(&AddedToken::content, "[UNK]"),
                                           Field(&AddedToken::content, "[SEP]"),
                                           Field(&AddedToken::content, "[PAD]"),
                                           Field(&AddedToken::content, "[CLS]")));
  for (const AddedToken& token : tokens)
    EXPECT_TRUE(token.special && !token.normalized);
}

TEST(VocabTxt, AMissingSpecialTokenIsNamed) {
  EXPECT_EQ(error_of("[UNK]\n[SEP]\n"), "there is no line [CLS]");
  EXPECT_EQ(error_of("[UNK]\n[CLS]\n"), "there is no line [SEP]");
  EXPECT_EQ(error_of(kLines, {.sep_token = "</s>"}), "there is no line </s>");
  EXPECT_EQ(error_of(""), "there is no line [CLS]");
}

TEST(VocabTxt, ALineThatIsNotUtf8IsNamed) {
  EXPECT_EQ(error_of("[CLS]\n[SEP]\n\xFF\n"), "line 3: not valid UTF-8");
}

}  // namespace
}  // namespace sbert
