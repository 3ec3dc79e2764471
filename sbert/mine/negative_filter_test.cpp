#include "sbert/mine/negative_filter.h"

#include <limits>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Twenty documents of different words; the candidate of row i scores 1 - i / 20.
class SelectNegatives : public testing::Test {
 protected:
  SelectNegatives() {
    for (int i = 0; i < 20; ++i) {
      texts_.push_back(concat("document about subject ", mix(static_cast<std::uint64_t>(i))));
      ids_.push_back(concat("d", i));
      candidates_.push_back({i, 1 - static_cast<float>(i) / 20});
    }
    options_.num_negatives = 3;
    known_.question = "what is it about";
  }

  Selection select(std::uint64_t key = 0) {
    return select_negatives(candidates_, known_, TextDocuments(texts_, ids_), options_,
                            options_.last_rank(1), key);
  }
  std::vector<std::int64_t> rows(std::uint64_t key = 0) {
    std::vector<std::int64_t> result;
    for (const Candidate& each : select(key).negatives)
      result.push_back(each.row);
    return result;
  }
  std::int64_t dropped(FilterRule rule) { return select().dropped[static_cast<std::size_t>(rule)]; }

  std::vector<std::string> texts_;
  std::vector<std::string> ids_;
  std::vector<Candidate> candidates_;
  KnownAnswers known_;
  FilterOptions options_;
};

TEST_F(SelectNegatives, TakesTheBestInOrder) {
  EXPECT_THAT(select().negatives,
              ElementsAre(Candidate{0, 1.0F}, Candidate{1, 0.95F}, Candidate{2, 0.9F}));
}

TEST_F(SelectNegatives, LeavesOutThePositivesThemselves) {
  known_.rows = {0, 2};
  EXPECT_THAT(rows(), ElementsAre(1, 3, 4));
  EXPECT_EQ(dropped(FilterRule::kPositive), 2);
}

TEST_F(SelectNegatives, LeavesOutAnotherDocumentWithAPositivesId) {
  known_.id_keys = {bytes_key("d1")};
  EXPECT_THAT(rows(), ElementsAre(0, 2, 3));
  EXPECT_EQ(dropped(FilterRule::kSameId), 1);
}

TEST_F(SelectNegatives, LeavesOutAPositiveUnderAnotherId) {
  known_.rows = {7};
  known_.texts = {texts_[7]};
  texts_[1] = texts_[7];
  EXPECT_THAT(rows(), ElementsAre(0, 2, 3));
  EXPECT_EQ(dropped(FilterRule::kSameText), 1);
}

TEST_F(SelectNegatives, LeavesOutAPositiveInOtherCaseAndPunctuation) {
  known_.texts = {"The mitochondrion is the powerhouse of the cell."};
  texts_[0] = "the  Mitochondrion -- is the POWERHOUSE of the cell";
  EXPECT_THAT(rows(), ElementsAre(1, 2, 3));
  EXPECT_EQ(dropped(FilterRule::kSameText), 1);
}

TEST_F(SelectNegatives, LeavesOutTheQuestionItself) {
  texts_[0] = "What is it about?";
  EXPECT_THAT(rows(), ElementsAre(1, 2, 3));
}

TEST_F(SelectNegatives, LeavesOutNearDuplicatesUpToTheThreshold) {
  const std::string positive =
      "Heart failure with preserved ejection fraction is common among older women, and its "
      "prognosis is poor";
  known_.texts = {positive};
  texts_[0] = positive + " indeed";
  EXPECT_THAT(rows(), ElementsAre(1, 2, 3));
  EXPECT_EQ(dropped(FilterRule::kNearDuplicate), 1);
  options_.near_duplicate = 1;
  EXPECT_THAT(rows(), ElementsAre(0, 1, 2));
  options_.near_duplicate = 0;
  EXPECT_THAT(rows(), ElementsAre(0, 1, 2));
}

TEST_F(SelectNegatives, TakesNoTextTwice) {
  texts_[1] = texts_[0] + "!";
  EXPECT_THAT(rows(), ElementsAre(0, 2, 3));
  EXPECT_EQ(dropped(FilterRule::kRepeated), 1);
}

TEST_F(SelectNegatives, KeepsScoresThatAreEqualToALimit) {
  options_.max_score = 0.9;  // row 2
  EXPECT_THAT(rows(), ElementsAre(2, 3, 4));
  EXPECT_EQ(dropped(FilterRule::kMaxScore), 2);
  options_.min_score = 0.85;  // row 3
  EXPECT_THAT(rows(), ElementsAre(2, 3));
  EXPECT_EQ(dropped(FilterRule::kMinScore), 16);
}

TEST_F(SelectNegatives, TakesMarginsFromTheLowestPositive) {
  known_.lowest_score = 0.8F;
  options_.absolute_margin = 0.07;  // at most 0.73
  EXPECT_THAT(rows(), ElementsAre(6, 7, 8));
  options_.absolute_margin.reset();
  options_.relative_margin = 0.2;  // at most 0.64
  EXPECT_THAT(rows(), ElementsAre(8, 9, 10));
  options_.relative_margin.reset();
  options_.topk_percpos = 0.95;  // at most 0.76
  EXPECT_THAT(rows(), ElementsAre(5, 6, 7));
  EXPECT_EQ(dropped(FilterRule::kTopkPercpos), 5);
  options_.topk_abs = 0.62;
  EXPECT_THAT(rows(), ElementsAre(8, 9, 10));
  EXPECT_EQ(dropped(FilterRule::kTopkAbs), 3);
}

TEST_F(SelectNegatives, TakesARelativeMarginBelowANegativeScore) {
  for (Candidate& each : candidates_)
    each.score -= 1.5F;         // from -0.5 down to -1.45
  known_.lowest_score = -0.8F;  // 10% below it: -0.88
  options_.relative_margin = 0.1;
  EXPECT_THAT(rows(), ElementsAre(8, 9, 10));
}

TEST_F(SelectNegatives, AppliesNoMarginWithoutAPositiveScore) {
  options_.absolute_margin = 0.5;
  EXPECT_THAT(rows(), ElementsAre(0, 1, 2));
}

TEST_F(SelectNegatives, CountsRanksAfterTheFilters) {
  known_.rows = {1};
  options_.range_min = 2;  // skips rows 0 and 2
  EXPECT_THAT(rows(), ElementsAre(3, 4, 5));
}

TEST_F(SelectNegatives, EndsAtRangeMax) {
  options_.range_min = 1;
  options_.range_max = 4;
  options_.sampling = Sampling::kRandom;
  EXPECT_THAT(rows(), ElementsAre(1, 2, 3));
}

TEST_F(SelectNegatives, ComesShortWhenTooFewPass) {
  options_.max_score = 0.12;  // rows 18 and 19
  EXPECT_THAT(rows(), ElementsAre(18, 19));
  options_.range_min = 5;
  EXPECT_THAT(rows(), IsEmpty());
  candidates_.clear();
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(SelectNegatives, DrawsEveryCandidateOfTheWindowEquallyOften) {
  options_.sampling = Sampling::kRandom;
  options_.range_min = 2;
  options_.range_max = 12;
  std::vector<int> counts(20);
  constexpr int kDraws = 4'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto drawn = rows(derive_key(1, i));
    ASSERT_EQ(drawn.size(), 3);
    EXPECT_TRUE(drawn[0] < drawn[1] && drawn[1] < drawn[2]);
    for (const std::int64_t row : drawn)
      ++counts[static_cast<std::size_t>(row)];
  }
  for (std::size_t row = 0; row < counts.size(); ++row) {
    // 3 of 10; four standard errors
    const bool is_inside = row >= 2 && row < 12;
    EXPECT_NEAR(counts[row], is_inside ? 0.3 * kDraws : 0, is_inside ? 116 : 0) << row;
  }
  EXPECT_EQ(rows(5), rows(5));
}

TEST(FilterOptions, LastRankLeavesRoomForWhatFiltersDrop) {
  FilterOptions options{.num_negatives = 3, .range_min = 10};
  EXPECT_EQ(options.last_rank(2), 42);
  options.range_max = 20;
  EXPECT_EQ(options.last_rank(2), 20);
}

TEST(FilterOptions, NamesWhatIsOutOfRange) {
  const auto message = [](const FilterOptions& options) -> std::string {
    try {
      options.validate();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "no error";
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message({}), "no error");
  EXPECT_THAT(message({.num_negatives = 0}), HasSubstr("num_negatives must be at least 1: 0"));
  EXPECT_THAT(message({.num_negatives = 2'000'000}), HasSubstr("num_negatives must be at most"));
  EXPECT_THAT(message({.range_min = -1}), HasSubstr("range_min must be at least 0: -1"));
  EXPECT_THAT(message({.range_max = -1}), HasSubstr("range_max must be at least 0: -1"));
  EXPECT_THAT(message({.num_negatives = 4, .range_min = 7, .range_max = 10}),
              HasSubstr("range_max must be at least range_min + num_negatives (11), or 0: 10"));
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { parse_enum<Sampling>("sampling", "best"); }),
            "sampling must be one of top, random: best");
  EXPECT_THAT(message({.max_score = kNan}), HasSubstr("max_score must be a finite number"));
  EXPECT_THAT(message({.min_score = kNan}), HasSubstr("min_score must be"));
  EXPECT_THAT(message({.absolute_margin = kNan}), HasSubstr("absolute_margin must be"));
  EXPECT_THAT(message({.relative_margin = kNan}), HasSubstr("relative_margin must be"));
  EXPECT_THAT(message({.topk_percpos = kNan}), HasSubstr("topk_percpos must be"));
  EXPECT_THAT(message({.topk_abs = kNan}), HasSubstr("topk_abs must be"));
  EXPECT_THAT(message({.near_duplicate = 1.1}), HasSubstr("near_duplicate must be from 0 to 1"));
}

TEST(FilterRule, HasTheNameOfItsOption) {
  EXPECT_EQ(name_of(FilterRule::kPositive), "positive");
  EXPECT_EQ(name_of(FilterRule::kTopkPercpos), "topk_percpos");
  EXPECT_EQ(name_of(FilterRule::kMinScore), "min_score");
  EXPECT_EQ(name_of(FilterRule::kRepeated), "repeated");
}

}  // namespace
}  // namespace sbert
