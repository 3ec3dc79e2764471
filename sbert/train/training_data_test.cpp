#include "sbert/train/training_data.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/train/training_data_fixture.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(TrainingDataTest, TheFirstEpochIsNemosShuffleAndTheLastRowsValidate) {
  use_plain_records(10);
  options_.data.evaluation_sample_size = 3;  // random.shuffle: 7 3 2 8 5 6 9 | 4 0 1
  const TrainingData data(options_);
  EXPECT_EQ(data.steps_per_epoch(), 3);
  EXPECT_EQ(data.num_training_rows(), 7);
  EXPECT_THAT(epoch(data, 0), ElementsAre("q7=p7", "q3=p3", "q2=p2", "q8=p8", "q5=p5", "q6=p6"));
  ASSERT_EQ(data.num_validation_rows(), 3);
  EXPECT_EQ(data.validation_row(0).question, "q4");
  EXPECT_EQ(data.validation_row(2).question, "q1");
}

TEST_F(TrainingDataTest, AStepIsAFunctionOfItsNumber) {
  use_plain_records(101);
  for (const bool no_duplicates : {true, false}) {
    options_.data.no_duplicates = no_duplicates;
    const TrainingData forwards(options_);
    const TrainingData backwards(options_);
    std::vector<std::vector<std::string>> seen;
    for (std::int64_t step = 0; step < 120; ++step)
      seen.push_back(questions(forwards, step));
    for (std::int64_t step = 119; step >= 0; --step)
      ASSERT_EQ(questions(backwards, step), seen[static_cast<std::size_t>(step)]) << step;
  }
}

TEST_F(TrainingDataTest, WhatIsMinedIsInForceFromItsRefreshOn) {
  use_plain_records(101, R"(, "neg_doc": ["n"])");
  options_.data.hard_negatives_to_train = 1;
  options_.mining.refresh_every_n_steps = 7;
  options_.mining.start_step = 3;
  const TrainingData before(options_);
  TrainingData after(options_);
  MinedNegatives mined{.step = 45, .first = {0}, .rows = {}};
  for (RowNumber record = 0; record < 101; ++record) {  // rows are p0, n, p1, p2, ...
    mined.rows.push_back(2 + (record + 5) % 99);
    mined.first.push_back(record + 1);
  }
  after.set_mined(std::make_shared<MinedNegatives>(mined));
  EXPECT_EQ(*after.mined(), mined);
  for (std::int64_t step = 45; step < 52; ++step) {
    EXPECT_EQ(questions(after, step), questions(before, step)) << step;
    for (const TrainingTexts& row : after.batch(step)) {
      ASSERT_EQ(row.negatives.size(), 1U);
      EXPECT_EQ(row.negatives[0].front(), 'p');
      EXPECT_NE(row.negatives[0], row.positive);
    }
    for (const TrainingTexts& row : before.batch(step))
      EXPECT_THAT(row.negatives, ElementsAre("n"));
  }
}

TEST_F(TrainingDataTest, NoWindowGoesOverARefresh) {
  use_plain_records(101);
  const auto rows = [&] { return epoch(TrainingData(options_), 1); };
  const std::vector<std::string> plain = rows();
  options_.mining.refresh_every_n_steps = 7;
  options_.mining.start_step = 3;
  EXPECT_EQ(rows(), plain);
  // From any step on, and so with the windows of before a refresh never made.
  const TrainingData forwards(options_);
  for (std::int64_t step = 0; step < 120; ++step)
    ASSERT_EQ(questions(TrainingData(options_), step), questions(forwards, step)) << step;
}

TEST_F(TrainingDataTest, WithoutRepetitionsNoDuplicatesChangesNothing) {
  use_plain_records(101);
  const std::vector<std::string> kept = epoch(TrainingData(options_), 1);
  options_.data.no_duplicates = false;
  EXPECT_EQ(epoch(TrainingData(options_), 1), kept);
}

TEST_F(TrainingDataTest, LaterEpochsHaveAnotherOrderUnlessNemosIsAskedFor) {
  use_plain_records(40);
  const TrainingData data(options_);
  EXPECT_NE(epoch(data, 1), epoch(data, 0));
  std::vector<std::string> sorted[2] = {epoch(data, 0), epoch(data, 1)};
  for (auto& each : sorted)
    std::sort(each.begin(), each.end());
  EXPECT_EQ(sorted[0], sorted[1]);
  options_.data.order = EpochOrder::kNemo;
  const TrainingData nemo(options_);
  EXPECT_EQ(epoch(nemo, 0), epoch(data, 0));
  EXPECT_EQ(epoch(nemo, 3), epoch(data, 0));
}

TEST_F(TrainingDataTest, EachPositiveIsARowIfAllAreWanted) {
  options_.data.data_prefix = write("train.json", R"([
      {"query": "a", "pos_doc": ["a0", "a1", "a2"]}, {"query": "b", "pos_doc": "b0"},
      {"query": "c", "pos_doc": ["c0", "c1"]}])");
  options_.data.positives = PositiveChoice::kAll;
  const TrainingData data(options_);
  EXPECT_EQ(data.num_training_rows(), 6);
  std::vector<std::string> rows = epoch(data, 0);
  EXPECT_THAT(std::set(rows.begin(), rows.begin() + 3), ElementsAre("a=a0", "b=b0", "c=c0"));
  EXPECT_THAT(std::set(rows.begin(), rows.end()),
              ElementsAre("a=a0", "a=a1", "a=a2", "b=b0", "c=c0", "c=c1"));
}

TEST_F(TrainingDataTest, RandomPositivesComeInTurn) {
  options_.data.data_prefix = write("train.json", R"([
      {"query": "a", "pos_doc": ["a0", "a1", "a2"]}, {"query": "b", "pos_doc": ["b0", "b1"]}])");
  options_.data.positives = PositiveChoice::kRandom;
  const TrainingData data(options_);
  for (std::int64_t start = 0; start < 12; start += 3) {
    std::set<std::string> of_a;
    for (std::int64_t number = start; number < start + 3; ++number) {
      for (const std::string& row : epoch(data, number)) {
        if (row.starts_with('a')) of_a.insert(row);
      }
    }
    EXPECT_THAT(of_a, ElementsAre("a=a0", "a=a1", "a=a2"));
  }
}

TEST_F(TrainingDataTest, RandomNegativesChangeWithTheEpochNotWithTheAsking) {
  use_plain_records(20, R"(, "neg_doc": ["n0", "n1", "n2", "n3", "n4", "n5"])");
  options_.data.negatives = NegativeChoice::kRandom;
  options_.data.hard_negatives_to_train = 2;
  options_.data.evaluation_sample_size = 2;
  const TrainingData data(options_);
  std::set<std::vector<std::string>> drawn;
  for (std::int64_t step = 0; step < 27; ++step) {
    for (const TrainingTexts& row : data.batch(step))
      drawn.insert(row.negatives);
  }
  EXPECT_GT(drawn.size(), 10U);  // of 30
  EXPECT_EQ(data.batch(5)[0].negatives, TrainingData(options_).batch(5)[0].negatives);
  EXPECT_THAT(data.validation_row(0).negatives, ElementsAre("n0", "n1"));
}

TEST_F(TrainingDataTest, NoTextIsPositiveAndNegativeOfTwoQuestionsOfABatch) {
  // Each document is the positive of four questions and a negative of many.
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    bytes +=
        concat(R"({"query": "q)", i % 150, R"(", "pos_doc": "d)", i % 50, R"(", "neg_doc": ["D)",
               (i * 7 + 1) % 50, R"( ", "d)", (i * 3 + 2) % 50, "\"]}\n");
  }
  options_.data.data_prefix = write("train.jsonl", bytes);
  options_.global_batch_size = 8;
  const auto repetitions = [&](const TrainingData& data) {
    std::map<std::string, int> count;
    for (std::int64_t step = 0; step < 2 * data.steps_per_epoch(); ++step) {
      const std::vector<TrainingTexts> rows = data.batch(step);
      EXPECT_EQ(rows.size(), 8U);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t k = 0; k < rows.size(); ++k) {
          if (i == k) continue;
          count["question"] += rows[i].question == rows[k].question;
          count["positive"] += rows[i].positive == rows[k].positive;
          for (std::string negative : rows[k].negatives) {
            negative[0] = 'd';
            count["negative"] += rows[i].positive == negative;
          }
        }
      }
    }
    return count;
  };
  std::map<std::string, int> allowed, kept;
  kept = repetitions(TrainingData(options_));
  options_.data.no_duplicates = false;
  allowed = repetitions(TrainingData(options_));
  EXPECT_GT(allowed["negative"], 50);
  EXPECT_EQ(kept["negative"], 0);
  EXPECT_LT(kept["positive"], allowed["positive"] / 4 + 1);
  EXPECT_LT(kept["question"], allowed["question"] / 4 + 1);
}

TEST_F(TrainingDataTest, SeveralFilesAndAFileToValidateOn) {
  write("a.json", R"([{"query": "a", "pos_doc": "p"}])");
  write("b.json", R"([{"query": "b", "pos_doc": "p"}])");
  options_.data.data_prefix = folder_ / "?.json";
  options_.data.data_validation = write("v.tsv", "anchor\tpositive\tnegative\nv\tp\tn\n");
  options_.data.evaluation_sample_size = 100;
  const TrainingData data(options_);
  EXPECT_EQ(data.num_training_rows(), 2);
  ASSERT_EQ(data.num_validation_rows(), 1);
  EXPECT_EQ(data.validation_row(0).question, "v");
  EXPECT_THAT(data.validation_row(0).negatives, ElementsAre("n"));
  EXPECT_FALSE(data.is_pairs());
}

TEST_F(TrainingDataTest, TablesOfPairsHaveLabelsAndNoPrefix) {
  options_.data.query_prefix = "query:";
  options_.data.data_prefix = write("train.tsv", "score\ts1\ts2\n5.0\ta\tb\n3.8\tc\td\n");
  const TrainingData data(options_);
  EXPECT_TRUE(data.is_pairs());
  std::set<std::string> rows;
  for (const TrainingTexts& row : data.batch(0)) {
    rows.insert(concat(row.question, row.positive, row.label.value()));
    EXPECT_THAT(row.negatives, IsEmpty());
  }
  EXPECT_THAT(rows, ElementsAre("ab5", "cd3.8"));
}

TEST_F(TrainingDataTest, BadRecordsAreSkippedIfAsked) {
  options_.data.data_prefix = write("train.jsonl",
                                    "{\"query\": \"a\", \"pos_doc\": \"p\"}\n{}\n"
                                    "{\"query\": \"b\", \"pos_doc\": \"p\"}\n");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { TrainingData data(options_); }),
              HasSubstr("train.jsonl: record 2, byte 31: question is missing"));
  options_.data.on_bad_record = OnBadRecord::kSkip;
  EXPECT_EQ(TrainingData(options_).num_training_rows(), 2);
}

TEST_F(TrainingDataTest, TheIndexLiesWhereItIsAskedFor) {
  use_plain_records(4);
  options_.data.index_mapping_dir = folder_ / "indexes";
  TrainingData data(options_);
  EXPECT_FALSE(std::filesystem::is_empty(folder_ / "indexes"));
}

TEST_F(TrainingDataTest, TheFingerprintSeesTheFilesAndTheChoiceOfRows) {
  use_plain_records(10);
  std::set<std::string> prints{TrainingData(options_).fingerprint()};
  EXPECT_EQ(*prints.begin(), TrainingData(options_).fingerprint());
  const auto insert_with = [&](const auto& change) {
    const ModelOptions before = options_;
    change(options_);
    EXPECT_TRUE(prints.insert(TrainingData(options_).fingerprint()).second)
        << TrainingData(options_).fingerprint();
    options_ = before;
  };
  insert_with([](ModelOptions& o) { o.seed = 1; });
  insert_with([](ModelOptions& o) { o.global_batch_size = 4; });
  insert_with([](ModelOptions& o) { o.data.evaluation_sample_size = 1; });
  insert_with([](ModelOptions& o) { o.data.positives = PositiveChoice::kAll; });
  insert_with([](ModelOptions& o) { o.data.negatives = NegativeChoice::kRandom; });
  insert_with([](ModelOptions& o) { o.data.hard_negatives_to_train = 1; });
  insert_with([](ModelOptions& o) { o.data.order = EpochOrder::kNemo; });
  insert_with([](ModelOptions& o) { o.data.no_duplicates = false; });
  insert_with([](ModelOptions& o) { o.data.data_validation = o.data.data_prefix; });
  std::string bytes = read_file(folder_ / "train.jsonl");
  bytes[bytes.find("q7")] = 'Q';
  write("train.jsonl", bytes);
  insert_with([](ModelOptions&) {});
}

TEST_F(TrainingDataTest, TooFewRowsAreSaid) {
  use_plain_records(3);
  options_.data.evaluation_sample_size = 2;
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { TrainingData data(options_); }),
              HasSubstr("train.jsonl: 1 rows are left to train on, fewer than "
                        "model.global_batch_size: 2"));
}

}  // namespace
}  // namespace sbert
