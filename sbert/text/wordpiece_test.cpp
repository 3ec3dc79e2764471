#include "sbert/text/wordpiece.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WordPiece::Vocabulary vocabulary() {
  return {{"[UNK]", 0}, {"un", 1},     {"##aff", 2},    {"##able", 3}, {"unaffected", 4}, {"a", 5},
          {"##a", 6},   {"\u00E9", 7}, {"##\u00E9", 8}, {"##", 9},     {"high", 20}};
}

std::vector<std::int32_t> ids_of(std::string_view word, const WordPieceOptions& options = {}) {
  std::vector<std::int32_t> ids;
  WordPiece(vocabulary(), options).append(word, ids);
  return ids;
}

std::string error_of(WordPiece::Vocabulary pieces) {
  try {
    const WordPiece model(std::move(pieces), {});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(WordPiece, TakesTheLongestPieceFirst) {
  EXPECT_THAT(ids_of("unaffable"), ElementsAre(1, 2, 3));
  EXPECT_THAT(ids_of("unaffected"), ElementsAre(4));
}

TEST(WordPiece, AWordThatPiecesDoNotCoverIsUnknownAsAWhole) {
  EXPECT_THAT(ids_of("unaffx"), ElementsAre(0));
  EXPECT_THAT(ids_of("x"), ElementsAre(0));
  EXPECT_THAT(ids_of("able"), ElementsAre(0));  // only a continuation
}

TEST(WordPiece, OneHundredCharactersAreAWordAndOneMoreIsUnknown) {
  EXPECT_EQ(ids_of(std::string(100, 'a')).size(), 100U);
  EXPECT_THAT(ids_of(std::string(101, 'a')), ElementsAre(0));
}

TEST(WordPiece, CharactersCountNotBytes) {
  const WordPieceOptions options{.max_input_chars_per_word = 3};
  EXPECT_THAT(ids_of("\u00E9\u00E9\u00E9", options), ElementsAre(7, 8, 8));
  EXPECT_THAT(ids_of("\u00E9\u00E9\u00E9\u00E9", options), ElementsAre(0));
}

TEST(WordPiece, ThePrefixOfContinuationsIsAnOption) {
  EXPECT_THAT(ids_of("aun", {.continuing_subword_prefix = ""}), ElementsAre(5, 1));
}

TEST(WordPiece, PiecesAreFoundByIdAndIdsByPiece) {
  const WordPiece model(vocabulary(), {});
  EXPECT_EQ(model.piece(2), "##aff");
  EXPECT_EQ(model.piece(20), "high");
  EXPECT_EQ(model.piece(10), "");
  EXPECT_EQ(model.piece(21), "");
  EXPECT_EQ(model.piece(-1), "");
  EXPECT_EQ(model.find("##aff"), 2);
  EXPECT_EQ(model.find("aff"), -1);
  EXPECT_EQ(model.num_reachable_ids(), 21);
  EXPECT_EQ(model.num_pieces(), 11);
}

TEST(WordPiece, IdsOutOfRangeOrThereTwiceAreRefused) {
  EXPECT_THAT(error_of({{"[UNK]", 0}, {"a", -1}}), HasSubstr("from 0 to 10000000: \"a\" has -1"));
  EXPECT_THAT(error_of({{"[UNK]", 0}, {"a", 10'000'001}}), HasSubstr("\"a\" has 10000001"));
  EXPECT_EQ(error_of({{"[UNK]", 0}, {"a", 10'000'000}}), "");
  EXPECT_THAT(error_of({{"[UNK]", 0}, {"a", 1}, {"b", 1}}),
              HasSubstr("two pieces have the id 1: \"a\" and \"b\""));
}

TEST(WordPiece, TheUnknownTokenMustBeInTheVocabulary) {
  EXPECT_EQ(error_of({{"a", 0}}), "unk_token is not in the vocabulary: [UNK]");
  EXPECT_EQ(error_of({}), "unk_token is not in the vocabulary: [UNK]");
}

}  // namespace
}  // namespace sbert
