#include "sbert/train/negative_refresh.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/embed/packed_embedder.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

// Words of letters: a question, its positives and its negatives have some in common.
std::string letters(int seed, int length) {
  std::string text;
  for (int i = 0; i < length; ++i)
    text += concat(i == 0 ? "" : " ", static_cast<char>('a' + (seed * 7 + i * i * 3 + i) % 26));
  return text;
}

class NegativeRefreshTest : public testing::Test {
 protected:
  NegativeRefreshTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    std::string json;
    for (int i = 0; i < 20; ++i) {
      // Records 3 and 13 ask the same.
      json += concat(R"({"question": ")", letters(i == 13 ? 3 : i, 3), R"(", "pos_doc": [")",
                     letters(i, 5), R"("], "neg_doc": [")", letters(i + 30, 6), "\"]}\n");
    }
    write_file_atomically(folder_ / "train.jsonl", json);
    options_.encoder_seq_length = 64;
    options_.data.query_prefix = "query:";
    options_.data.passage_prefix = "";
    options_.mining.refresh_every_n_steps = 1;
    options_.mining.near_duplicate = 0;
    for (RowNumber record = 0; record < 18; ++record)
      records_.push_back(17 - record);
  }

  RefreshOutcome mine(std::int64_t step = 0) const {
    const ExampleSet examples = ExampleSet::open({folder_ / "train.jsonl"}, {});
    const TrainingPool pool(examples, records_, options_.mining.pool);
    return refresh_negatives(embedder_, {options_, examples, records_, pool, step},
                             [](std::int64_t, std::int64_t) {}, {workers_, {}});
  }

  // What one would do by hand: all scores of a question, sorted.
  std::vector<std::pair<float, RowNumber>> ranking(const TrainingPool& pool,
                                                   const std::string& question) const {
    std::vector<std::string> texts{"query: " + question};
    for (std::int64_t row = 0; row < pool.size(); ++row)
      texts.push_back(pool.text(row));
    const FloatMatrix rows = embedder_.embed(texts, {.max_length = 64});
    std::vector<std::pair<float, RowNumber>> ranked;
    for (std::int64_t row = 0; row < pool.size(); ++row) {
      float score = 0;
      for (std::int64_t d = 0; d < rows.columns; ++d)
        score += rows.row(0)[static_cast<std::size_t>(d)] *
                 rows.row(row + 1)[static_cast<std::size_t>(d)];
      ranked.emplace_back(score, static_cast<RowNumber>(row));
    }
    std::sort(ranked.rbegin(), ranked.rend());
    return ranked;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("refresh_", testing::UnitTest::GetInstance()->current_test_info()->name());
  WorkerPool workers_;
  PackedEmbedder embedder_{letter_model(), workers_};
  ModelOptions options_;
  std::vector<RowNumber> records_;
};

TEST_F(NegativeRefreshTest, TakesWhatTheModelPutsFirstExceptPositives) {
  options_.mining.num_negatives = 5;
  options_.mining.range_min = 2;
  const RefreshOutcome outcome = mine();
  const ExampleSet examples = ExampleSet::open({folder_ / "train.jsonl"}, {});
  const TrainingPool pool(examples, records_, "");
  ASSERT_EQ(outcome.negatives.num_records(), 20);
  double margins = 0;
  for (std::int64_t record = 0; record < 18; ++record) {
    const Example example = examples.read(record);
    std::set<std::string> positives{example.pos_doc.begin(), example.pos_doc.end()};
    if (record == 3 || record == 13) {
      for (const std::int64_t each : {3, 13})
        positives.insert(examples.read(each).pos_doc.front());
    }
    std::vector<RowNumber> expected;
    std::vector<float> scores;
    float lowest = 2;
    std::size_t rank = 0;
    for (const auto& [score, row] : ranking(pool, example.question)) {
      if (positives.contains(pool.text(row))) {
        lowest = std::min(lowest, score);
      } else if (pool.text(row) != example.question && ++rank > 2 && expected.size() < 5) {
        expected.push_back(row);
        scores.push_back(score);
      }
    }
    for (const float score : scores)
      margins += static_cast<double>(lowest - score);
    EXPECT_THAT(outcome.negatives.of(record), testing::ElementsAreArray(expected)) << record;
  }
  EXPECT_THAT(outcome.negatives.of(18), testing::IsEmpty());  // does not train
  EXPECT_NEAR(outcome.mean_margin, margins / (18 * 5), 1e-5);
}

TEST_F(NegativeRefreshTest, TheFiltersHold) {
  options_.mining.num_negatives = 5;
  const std::size_t all = mine().negatives.rows.size();
  options_.mining.absolute_margin = 0.05;
  const RefreshOutcome filtered = mine();
  EXPECT_LT(filtered.negatives.rows.size(), all);
  EXPECT_GE(filtered.mean_margin, 0.05);
}

TEST_F(NegativeRefreshTest, RandomSamplingDependsOnTheStepAlone) {
  options_.mining.num_negatives = 3;
  options_.mining.sampling = Sampling::kRandom;
  EXPECT_EQ(mine(4).negatives, mine(4).negatives);
  EXPECT_NE(mine(4).negatives.rows, mine(5).negatives.rows);
}

TEST_F(NegativeRefreshTest, APartOfThePoolIsDrawnAnewEachTime) {
  options_.mining.max_pool = 6;
  const RefreshOutcome first = mine(0);
  const RefreshOutcome second = mine(1);
  for (const RefreshOutcome* each : {&first, &second}) {
    const std::vector<RowNumber>& rows = each->negatives.rows;
    EXPECT_LE(std::set(rows.begin(), rows.end()).size(), 6U);
    EXPECT_FALSE(rows.empty());
    EXPECT_TRUE(std::isfinite(each->mean_margin));  // the positives' scores are known all the same
  }
  EXPECT_NE(first.negatives.rows, second.negatives.rows);
}

TEST_F(NegativeRefreshTest, ACorpusIsWhereNegativesComeFrom) {
  write_file_atomically(folder_ / "corpus.txt", "x y z\nv w\nu v w x\nk l m\n");
  options_.mining.pool = folder_ / "corpus.txt";
  options_.mining.num_negatives = 2;
  const RefreshOutcome outcome = mine();
  EXPECT_EQ(outcome.negatives.rows.size(), 36U);
  EXPECT_THAT(outcome.negatives.rows, testing::Each(testing::Lt(4)));
}

TEST_F(NegativeRefreshTest, AStopEndsIt) {
  const ExampleSet examples = ExampleSet::open({folder_ / "train.jsonl"}, {});
  const TrainingPool pool(examples, records_, "");
  StopSource source;
  source.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled,
                       [&] {
                         refresh_negatives(embedder_, {options_, examples, records_, pool, 0},
                                           [](std::int64_t, std::int64_t) {},
                                           {workers_, source.token()});
                       }),
            "interrupted");
}

TEST_F(NegativeRefreshTest, ProgressEndsWithAllTexts) {
  std::int64_t most = 0;
  std::int64_t whole = 0;
  const ExampleSet examples = ExampleSet::open({folder_ / "train.jsonl"}, {});
  const TrainingPool pool(examples, records_, "");
  refresh_negatives(embedder_, {options_, examples, records_, pool, 0},
                    [&](std::int64_t done, std::int64_t total) {
                      most = std::max(most, done);
                      whole = total;
                    },
                    {workers_, {}});
  EXPECT_EQ(whole, 18 + pool.size());
  EXPECT_EQ(most, whole);
}

}  // namespace
}  // namespace sbert
