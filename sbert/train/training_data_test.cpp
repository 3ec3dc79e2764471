#include "sbert/train/training_data.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TrainingDataTest : public testing::Test {
 protected:
  TrainingDataTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    options_.global_batch_size = options_.micro_batch_size = 2;
    options_.data.query_prefix = options_.data.passage_prefix = "";
    options_.data.evaluation_sample_size = 0;
  }

  std::filesystem::path write(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }
  // Records q0, q1, ... with a positive p0, ... each.
  void use_plain_records(int count, std::string_view more = "") {
    std::string bytes;
    for (int i = 0; i < count; ++i)
      bytes += concat(R"({"query": "q)", i, R"(", "pos_doc": "p)", i, '"', more, "}\n");
    options_.data.data_prefix = write("train.jsonl", bytes);
  }
  std::vector<std::string> questions(const TrainingData& data, std::int64_t step) const {
    std::vector<std::string> found;
    for (const TrainingTexts& row : data.batch(step))
      found.push_back(row.question);
    return found;
  }
  // question=positive of the rows of an epoch, in order
  std::vector<std::string> epoch(const TrainingData& data, std::int64_t number) const {
    std::vector<std::string> found;
    const std::int64_t steps = data.steps_per_epoch();
    for (std::int64_t step = number * steps; step < (number + 1) * steps; ++step) {
      for (const TrainingTexts& row : data.batch(step))
        found.push_back(concat(row.question, '=', row.positive));
    }
    return found;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("training_data_", testing::UnitTest::GetInstance()->current_test_info()->name());
  ModelOptions options_;
};

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
