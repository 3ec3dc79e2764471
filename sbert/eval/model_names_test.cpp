#include "sbert/eval/model_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ShortestEnds, TheLastPartIfItTellsThemApart) {
  EXPECT_THAT(shortest_ends({"/a/b/minilm/", "/a/b/tuned.nemo", "e5"}),
              ElementsAre("minilm", "tuned.nemo", "e5"));
}

TEST(ShortestEnds, AsManyPartsAsAreNeeded) {
  EXPECT_THAT(
      shortest_ends({"/runs/one/best-model", "/runs/two/best-model", "/runs/two/last-model"}),
      ElementsAre("one/best-model", "two/best-model", "last-model"));
}

TEST(ShortestEnds, OfAPathThatEndsAnotherTheWhole) {
  EXPECT_THAT(shortest_ends({"best-model", "run/best-model"}),
              ElementsAre("best-model", "run/best-model"));
  EXPECT_THAT(shortest_ends({"/model", "/a/model"}), ElementsAre("/model", "a/model"));
}

TEST(ShortestEnds, EqualPathsStayWhole) {
  EXPECT_THAT(shortest_ends({"/a/m", "/a/m/"}), ElementsAre("/a/m", "/a/m"));
}

TEST(ShortestEnds, APartIsComparedAsAWhole) {
  EXPECT_THAT(shortest_ends({"/a/xmodel", "/b/model"}), ElementsAre("xmodel", "model"));
}

TEST(ShortestEnds, OfOddPathsNoneIsEmpty) {
  EXPECT_THAT(shortest_ends({"/", "", "a//b", "c//b"}), ElementsAre("/", "", "a//b", "c//b"));
  EXPECT_THAT(shortest_ends({}), IsEmpty());
}

}  // namespace
}  // namespace sbert
