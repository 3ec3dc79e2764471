// What the data names as answers is no negative: TrainingData and its batches.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "sbert/train/training_data.h"
#include "sbert/train/training_data_fixture.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The negatives that a question has in a batch by the loss: (question, document).
std::set<std::string> negatives_of(const std::vector<TrainingTexts>& rows) {
  const LossTargets targets = loss_targets(rows);
  std::set<std::string> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const bool is_answer =
          targets.answer_keys[i] &&
          std::ranges::binary_search(*targets.answer_keys[i], targets.text_keys[k]);
      if (i != k && !is_answer) found.insert(concat(rows[i].question, '-', rows[k].positive));
    }
    for (const std::string& negative : rows[i].negatives)
      found.insert(concat(rows[i].question, '-', negative));
  }
  return found;
}

TEST_F(TrainingDataTest, NoAnswerThatTheDataNamesIsANegative) {
  struct Case {
    const char* what;
    const char* records;
    std::set<std::string> negatives;
  };
  const Case cases[] = {
      {"mirrored pairs",
       R"({"anchor": "a", "positive": "b"}
          {"anchor": "b", "positive": "a"})",
       {}},
      {"a negative equal to the question",
       R"({"anchor": "a", "positive": "b", "negative": ["A ", "n"]}
          {"anchor": "c", "positive": "d"})",
       {"a-n", "a-d", "c-b"}},
      {"one positive for all",
       R"({"anchor": "a", "positive": "p"}
          {"anchor": "b", "positive": "p"})",
       {}},
      {"another positive of the record, which another row brings",
       R"({"question": "a", "pos_doc": ["p", "r"]}
          {"question": "b", "pos_doc": ["r"]})",
       {"b-p"}},
      {"a positive of the question in a record beyond the batch",
       R"({"question": "a", "pos_doc": "p"}
          {"question": "b", "pos_doc": "r"}
          {"question": "A", "pos_doc": "r"})",
       {}},
      {"a hard negative that another record calls a positive",
       R"({"question": "a", "pos_doc": "p", "neg_doc": ["r", "n"]}
          {"question": "b", "pos_doc": "s"}
          {"question": "a", "pos_doc": "r"})",
       {}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    options_.data.data_prefix = write("train.jsonl", each.records);
    const TrainingData data(options_);
    std::set<std::string> found;
    for (std::int64_t step = 0; step < 6 * data.steps_per_epoch(); ++step)
      found.merge(negatives_of(data.batch(step)));
    if (data.num_training_rows() == 2) {
      EXPECT_EQ(found, each.negatives);
    }
    EXPECT_THAT(found, testing::Not(testing::Contains(testing::AnyOf("a-r", "A-p", "a-a"))));
  }
}

TEST_F(TrainingDataTest, WithoutTheMaskTheDataIsTakenAsItIs) {
  options_.data.data_prefix =
      write("train.jsonl", R"({"anchor": "a", "positive": "b", "negative": "a"}
                              {"anchor": "b", "positive": "a"})");
  options_.loss.mask_known_positives = false;
  EXPECT_EQ(negatives_of(TrainingData(options_).batch(0)), (std::set<std::string>{"a-a", "b-b"}));
}

TEST_F(TrainingDataTest, NegativesThatAreAnswersAreCountedAndGiveWayToOthers) {
  options_.data.data_prefix =
      write("train.jsonl", R"({"anchor": "a", "positive": "b", "negative": ["a", "n", "m"]}
                              {"anchor": "c", "positive": "d"})");
  options_.data.hard_negatives_to_train = 2;
  std::int64_t dropped = 0;
  const TrainingData data(options_);
  for (const TrainingTexts& row : data.batch(0)) {
    dropped += row.num_dropped;
    if (row.question == "a") {
      EXPECT_THAT(row.negatives, ElementsAre("n", "m"));
    }
  }
  EXPECT_EQ(dropped, 1);
}

TEST_F(TrainingDataTest, MirroredPairsAreSpreadOverTheBatches) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    bytes += concat(R"({"anchor": "a)", i, R"(", "positive": "b)", i, "\"}\n");
    bytes += concat(R"({"anchor": "b)", i, R"(", "positive": "a)", i, "\"}\n");
  }
  options_.data.data_prefix = write("train.jsonl", bytes);
  options_.global_batch_size = 8;
  const TrainingData data(options_);
  for (std::int64_t step = 0; step < 3 * data.steps_per_epoch(); ++step) {
    std::set<std::string> texts;
    for (const TrainingTexts& row : data.batch(step)) {
      EXPECT_TRUE(texts.insert(row.question).second) << row.question;
      EXPECT_TRUE(texts.insert(row.positive).second) << row.positive;
    }
  }
}

TEST_F(TrainingDataTest, LossesOnLabelsTakeNegativesAsTheyAre) {
  options_.data.data_prefix = write("train.tsv", "score\ts1\ts2\n5.0\ta\tb\n3.8\tb\ta\n");
  options_.loss.name = LossKind::kCosine;
  const TrainingData data(options_);
  for (const TrainingTexts& row : data.batch(0))
    EXPECT_EQ(row.answers, nullptr);
}

TEST_F(TrainingDataTest, ValidationRowsHaveAnswersToo) {
  options_.data.data_prefix = write("train.jsonl", R"({"question": "a", "pos_doc": "p"}
                                                      {"question": "b", "pos_doc": "q"})");
  options_.data.data_validation = write("v.jsonl", R"({"question": "v", "pos_doc": "p"}
                                                      {"question": "v", "pos_doc": "r"})");
  const TrainingData data(options_);
  EXPECT_THAT(negatives_of({data.validation_row(0), data.validation_row(1)}), IsEmpty());
}

}  // namespace
}  // namespace sbert
