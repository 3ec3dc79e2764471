#include "sbert/train/negative_mixer.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// One record, "q", with positives p and P2; a corpus of m0 ... m9 (mined), r0 ... r89 and p.
class NegativeMixerTest : public testing::Test {
 protected:
  NegativeMixerTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    write_file_atomically(folder_ / "train.json", R"([{"question": "q", "pos_doc": ["p", "P2"]}])");
    std::string corpus = "p\n";
    for (int i = 0; i < 100; ++i)
      corpus += i < 10 ? concat('m', i, '\n') : concat('r', i - 10, '\n');
    write_file_atomically(folder_ / "corpus.txt", corpus);
    options_.data.query_prefix = options_.data.passage_prefix = "";
  }

  TrainingPool pool() const {
    const std::vector<RowNumber> records{0};
    return TrainingPool(ExampleSet::open({folder_ / "train.json"}, {}), records,
                        folder_ / "corpus.txt");
  }

  // `count` mined documents of the record: m0, m1, ...
  static MinedNegatives mined(std::int64_t count) {
    MinedNegatives found{.step = 0, .first = {0, count}, .rows = {}};
    for (std::int64_t i = 0; i < count; ++i)
      found.rows.push_back(static_cast<RowNumber>(i + 1));
    return found;
  }

  TrainingTexts mixed(const MinedNegatives& found, std::uint64_t key) const {
    TrainingTexts row{"q", "p", old_};
    mix_negatives(row, {0, false, key}, found, pool(), options_);
    return row;
  }

  // How many negatives of each kind, by first letter, over many turns.
  std::map<char, int> kinds(const MinedNegatives& found, int turns) const {
    std::map<char, int> counts;
    for (int key = 0; key < turns; ++key) {
      for (const std::string& negative : mixed(found, static_cast<std::uint64_t>(key)).negatives)
        ++counts[negative.front()];
    }
    return counts;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("mixer_", testing::UnitTest::GetInstance()->current_test_info()->name());
  ModelOptions options_;
  std::vector<std::string> old_{"o0", "o1", "o2", "o3"};
};

TEST_F(NegativeMixerTest, WithoutAMixAllAreMinedHardestFirst) {
  EXPECT_THAT(mixed(mined(4), 1).negatives, ElementsAre("m0", "m1", "m2", "m3"));
}

TEST_F(NegativeMixerTest, OfMoreThanNeededSomeAreDrawn) {
  std::set<std::string> seen;
  for (std::uint64_t key = 0; key < 40; ++key) {
    const std::vector<std::string> negatives = mixed(mined(10), key).negatives;
    EXPECT_EQ(std::set(negatives.begin(), negatives.end()).size(), 4U);
    EXPECT_EQ(negatives, mixed(mined(10), key).negatives);
    seen.insert(negatives.begin(), negatives.end());
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST_F(NegativeMixerTest, SharesThatDivideTheNegativesHoldInEachRow) {
  options_.mining.mix = {.old = 0.25, .random = 0.5};
  for (std::uint64_t key = 0; key < 20; ++key) {
    std::map<char, int> counts;
    // Only m0 is mined: m1 to m9 can but be drawn at random.
    for (const std::string& negative : mixed(mined(1), key).negatives)
      ++counts[negative.front() == 'm' && negative != "m0" ? 'r' : negative.front()];
    EXPECT_EQ(counts['o'], 1);
    EXPECT_EQ(counts['m'], 1);
    EXPECT_EQ(counts['r'], 2);
  }
}

TEST_F(NegativeMixerTest, OtherSharesHoldOnAverage) {
  options_.data.hard_negatives_to_train = 1;
  options_.mining.mix = {.old = 0.3, .random = 0};
  constexpr int kTurns = 2'000;
  const int old = kinds(mined(1), kTurns)['o'];
  EXPECT_NEAR(old, 0.3 * kTurns, 5 * 0.46 * 44.8);  // five standard deviations
}

TEST_F(NegativeMixerTest, MinedAndOldOnesStandInForEachOther) {
  EXPECT_THAT(mixed(mined(1), 1).negatives, ElementsAre("m0", "o0", "o1", "o2"));
  options_.mining.mix.old = 1;
  old_ = {"o0"};
  EXPECT_THAT(mixed(mined(3), 1).negatives, UnorderedElementsAre("o0", "m0", "m1", "m2"));
}

TEST_F(NegativeMixerTest, RandomOnesStandInForBoth) {
  old_.clear();
  for (std::uint64_t key = 0; key < 50; ++key) {
    const std::vector<std::string> negatives = mixed(mined(1), key).negatives;
    ASSERT_EQ(negatives.size(), 4U);
    EXPECT_EQ(negatives.front(), "m0");
    EXPECT_EQ(std::set(negatives.begin(), negatives.end()).size(), 4U);
  }
}

TEST_F(NegativeMixerTest, NoPositiveOfTheQuestionAndNoTextTwiceIsTaken) {
  old_ = {"M0", "P2", "o0", "p"};
  options_.mining.mix.old = 0.5;
  EXPECT_THAT(mixed(mined(3), 1).negatives, UnorderedElementsAre("M0", "o0", "m1", "m2"));
  write_file_atomically(folder_ / "corpus.txt", "p\nm0\np2\n");
  options_.mining.mix = {.old = 0, .random = 1};
  old_.clear();
  for (std::uint64_t key = 0; key < 20; ++key)
    EXPECT_THAT(mixed(mined(0), key).negatives, ElementsAre("m0"));  // there are no others
}

TEST_F(NegativeMixerTest, DocumentsGetThePrefixTheirIdAndNoTeachersScore) {
  write_file_atomically(folder_ / "corpus.jsonl",
                        "{\"_id\": \"7\", \"text\": \"x\"}\n{\"_id\": \"8\", \"text\": \"y\"}\n");
  const std::vector<RowNumber> records{0};
  const TrainingPool with_ids(ExampleSet::open({folder_ / "train.json"}, {}), records,
                              folder_ / "corpus.jsonl");
  options_.data.passage_prefix = "passage:";
  options_.data.hard_negatives_to_train = 2;
  TrainingTexts row{"q", "passage: p", {"passage: o"}};
  row.negative_scores = {0.5};
  row.positive_score = 0.9;
  mix_negatives(row, {0, false, 1}, {.step = 0, .first = {0, 1}, .rows = {1}}, with_ids, options_);
  EXPECT_THAT(row.negatives, ElementsAre("passage: y", "passage: o"));
  EXPECT_THAT(row.negative_ids, ElementsAre(bytes_key("8"), 0));
  EXPECT_TRUE(row.negative_scores.empty());
  EXPECT_FALSE(row.positive_score.has_value());
}

}  // namespace
}  // namespace sbert
