#include "sbert/text/added_tokens.h"

#include <gmock/gmock.h>

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What the matches take: "id:text".
std::vector<std::string> matches(std::vector<AddedTokenFinder::Pattern> patterns,
                                 std::string_view text) {
  const AddedTokenFinder finder(std::move(patterns));
  std::vector<std::string> found;
  std::size_t taken = 0;
  auto match = finder.next(text, 0, taken);
  for (; match; match = finder.next(text, match->resume, taken)) {
    found.push_back(std::to_string(match->id) + ":" +
                    std::string(text.substr(match->begin, match->end - match->begin)));
    taken = match->end;
  }
  return found;
}

TEST(AddedTokens, TheLeftmostAndThenTheLongestMatches) {
  EXPECT_THAT(matches({{"<a", 1}, {"<ab>", 2}, {"b>c", 3}}, "<ab>c <abc> <a<ab>"),
              ElementsAre("2:<ab>", "1:<a", "1:<a", "2:<ab>"));
}

TEST(AddedTokens, OfEqualPatternsTheFirstCounts) {
  EXPECT_THAT(matches({{"x", 2}, {"x", 1}}, "axb"), ElementsAre("2:x"));
}

TEST(AddedTokens, WithoutPatternsOrTextThereIsNoMatch) {
  EXPECT_TRUE(AddedTokenFinder().empty());
  EXPECT_THAT(matches({}, "abc"), IsEmpty());
  EXPECT_THAT(matches({{"x", 1}}, ""), IsEmpty());
  EXPECT_THAT(matches({{"xyz", 1}}, "xy"), IsEmpty());
}

TEST(AddedTokens, ASingleWordStandsBesideNoWordCharacter) {
  const AddedTokenFinder::Pattern word{.text = "ord", .id = 1, .single_word = true};
  EXPECT_THAT(matches({word}, "ord -ord. \u3000ord"), ElementsAre("1:ord", "1:ord", "1:ord"));
  EXPECT_THAT(matches({word}, "word ords _ord ord9 ord\u0301 \u00E9ord"), IsEmpty());
}

TEST(AddedTokens, ASingleWordThatDoesNotStandAloneStillTakesItsPlace) {
  EXPECT_THAT(matches({{.text = "ab", .id = 1, .single_word = true}, {"b", 2}}, "abx b"),
              ElementsAre("2:b"));
}

TEST(AddedTokens, StrippingTakesTheSpaceOnThatSide) {
  EXPECT_THAT(matches({{.text = "<l>", .id = 1, .lstrip = true}}, "a \t\u3000<l> b"),
              ElementsAre("1: \t\u3000<l>"));
  EXPECT_THAT(matches({{.text = "<r>", .id = 1, .rstrip = true}}, "a <r>\u00A0\n b"),
              ElementsAre("1:<r>\u00A0\n "));
}

TEST(AddedTokens, SpaceThatOneTokenTookIsNotTakenAgain) {
  EXPECT_THAT(matches({{.text = "<x>", .id = 1, .lstrip = true, .rstrip = true}}, " <x>  <x> "),
              ElementsAre("1: <x>  ", "1:<x> "));
}

}  // namespace
}  // namespace sbert
