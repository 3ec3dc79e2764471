#include "sbert/text/added_vocabulary.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

WordPiece model() {
  return WordPiece({{"[UNK]", 0}, {"[CLS]", 1}, {"caf", 2}, {"gap", 6}}, {});
}

AddedVocabulary vocabulary(const std::vector<AddedToken>& tokens) {
  return AddedVocabulary(tokens, model(), BertNormalizer({}));
}

std::string error_of(const std::vector<AddedToken>& tokens) {
  try {
    vocabulary(tokens);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(AddedVocabulary, APieceKeepsItsIdAndOthersComeBehindTheVocabulary) {
  const AddedVocabulary added =
      vocabulary({{.content = "[CLS]", .special = true}, {.content = "x"}});
  EXPECT_EQ(added.find("[CLS]"), 1);
  EXPECT_EQ(added.find("x"), 4);  // four pieces, whatever their ids
  EXPECT_EQ(added.find("y"), -1);
  EXPECT_EQ(added.highest_id(), 4);
  EXPECT_TRUE(added.is_special(1));
  EXPECT_FALSE(added.is_special(4));
  EXPECT_EQ(vocabulary({}).highest_id(), -1);
}

TEST(AddedVocabulary, TokensAreSoughtInTheTextThatTheyAskFor) {
  const AddedVocabulary added = vocabulary(
      {{.content = "Caf\u00E9", .normalized = true}, {.content = "Caf", .normalized = false}});
  EXPECT_EQ(added.raw().next("Caf\u00E9", 0, 0)->end, 3U);
  EXPECT_EQ(added.normalized().next("cafe", 0, 0)->end, 4U);
  EXPECT_FALSE(added.normalized().next("Caf\u00E9", 0, 0));
  EXPECT_EQ(added.form(4), "cafe");
  EXPECT_EQ(added.form(5), "Caf");
  EXPECT_EQ(added.form(6), "");
}

TEST(AddedVocabulary, OfTwoTokensWithOneFormTheSpecialOneCounts) {
  const AddedVocabulary added = vocabulary({{.content = "x"}, {.content = "X", .special = true}});
  EXPECT_EQ(added.normalized().next("x", 0, 0)->id, added.find("X"));
}

TEST(AddedVocabulary, AnIdOfTheFileThatCannotBeIsRefused) {
  EXPECT_EQ(error_of({{.content = "caf", .id = 3}}),
            "the added token \"caf\" must have the id 2, as in the vocabulary: 3");
  EXPECT_EQ(error_of({{.content = "x", .id = 9}}),
            "the added token \"x\" must have the id 4, the next that is free: 9");
  EXPECT_EQ(error_of({{.content = "x", .id = 4}}), "");
  EXPECT_EQ(error_of({{.content = "x"}, {.content = "y"}, {.content = "z"}}),
            "the id of the added token \"z\" is that of the piece \"gap\": 6");
}

TEST(AddedVocabulary, ATokenThereTwiceOrOfNothingIsRefused) {
  EXPECT_EQ(error_of({{.content = "x"}, {.content = "x"}}), "duplicate added token: \"x\"");
  EXPECT_EQ(error_of({{.content = "\u0301"}}),
            "normalization leaves nothing of the added token, \"normalized\": false would keep it: "
            "\"\u0301\"");
}

}  // namespace
}  // namespace sbert
