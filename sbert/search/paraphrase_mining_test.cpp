#include "sbert/search/paraphrase_mining.h"

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

std::vector<ScoredRows> mine(const FloatMatrix& embeddings, const ParaphraseOptions& options) {
  const WorkerPool pool(2);
  return mine_paraphrases(embeddings, options, {pool});
}

TEST(MineParaphrases, RefusesWrongOptionsAndTakesNoRows) {
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { mine({}, {.neighbours = 0}); }),
            "neighbours and pairs must be at least 1: 0, 500000");
  EXPECT_THAT(mine({}, {}), testing::IsEmpty());
}

TEST(MineParaphrases, FindsEachPairOnceBestFirst) {
  FloatMatrix rows(3, 2);
  rows.values = {1, 0, 0.5F, 0.5F, 0, 1};
  EXPECT_THAT(
      mine(rows, {.neighbours = 5}),
      testing::ElementsAre(ScoredRows{0, 1, 0.5F}, ScoredRows{1, 2, 0.5F}, ScoredRows{0, 2, 0.0F}));
  EXPECT_THAT(mine(rows, {.neighbours = 5, .max_pairs = 1}),
              testing::ElementsAre(ScoredRows{0, 1, 0.5F}));
}

}  // namespace
}  // namespace sbert
