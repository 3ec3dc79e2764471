#include "sbert/text/piece_decoder.h"

#include <initializer_list>

#include <gmock/gmock.h>

namespace sbert {
namespace {

std::string decode(const PieceDecoderOptions& options,
                   std::initializer_list<std::string_view> pieces) {
  PieceDecoder decoder(options);
  std::string text;
  for (const std::string_view piece : pieces)
    decoder.append(piece, text);
  return text;
}

TEST(PieceDecoder, JoinsContinuationsAndSpacesWords) {
  EXPECT_EQ(decode({}, {"un", "##aff", "##able", "words"}), "unaffable words");
  EXPECT_EQ(decode({}, {"##able"}), "##able");  // nothing to go to
  EXPECT_EQ(decode({}, {}), "");
}

TEST(PieceDecoder, CleanupTakesTheSpaceBeforePunctuation) {
  EXPECT_EQ(decode({}, {"so", ",", "yes", "!", "no", "?", "n't", "'s", "(", "a", ")", "."}),
            "so, yes! no?n't's ( a ).");
  EXPECT_EQ(decode({.cleanup = false}, {"so", ",", "yes", "!"}), "so , yes !");
}

TEST(PieceDecoder, CleanupSeesOnePieceAtATime) {
  EXPECT_EQ(decode({}, {"we", "do", "not"}), "we do not");
  EXPECT_EQ(decode({}, {"we", "do not . . '"}), "we don't.. '");
}

TEST(PieceDecoder, WithoutADecoderPiecesStandAsTheyAre) {
  EXPECT_EQ(decode({.joins_pieces = false}, {"un", "##able", "."}), "un ##able .");
}

TEST(PieceDecoder, ThePrefixIsAnOption) {
  EXPECT_EQ(decode({.prefix = "@"}, {"un", "@able", "##x"}), "unable ##x");
}

}  // namespace
}  // namespace sbert
