#include "sbert/train/batch_prefetcher.h"

#include <algorithm>
#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class BatchPrefetcherTest : public testing::Test {
 protected:
  BatchPrefetcherTest() : model_(letter_model()) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
      const auto letter = [&](int shift) { return static_cast<char>('a' + (i + shift) % 26); };
      bytes += concat(R"({"query": ")", letter(0), R"(", "pos_doc": ")", letter(1),
                      R"(", "neg_doc": ")", letter(2), "\"}\n");
    }
    write_file_atomically(path_, bytes);
    options_.global_batch_size = 6;
    options_.micro_batch_size = 2;
    options_.encoder_seq_length = 16;
    options_.data.data_prefix = path_;
    options_.data.evaluation_sample_size = 0;
  }

  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "prefetcher.jsonl";
  TextModel model_;
  ModelOptions options_;
};

TEST_F(BatchPrefetcherTest, GivesWhatIsMadeInLine) {
  const TrainingData data(options_);
  BatchPrefetcher ahead(data, model_.tokenizer, options_, 7, 40);
  for (std::int64_t step = 7; step < 40; ++step) {
    const auto expected = make_micro_batches(data.batch(step), model_.tokenizer, options_);
    const auto given = ahead.next();
    ASSERT_EQ(given.size(), expected.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      EXPECT_EQ(given[i].tokens.ids, expected[i].tokens.ids);
      EXPECT_EQ(given[i].targets.text_keys, expected[i].targets.text_keys);
      EXPECT_EQ(given[i].targets.negative_counts, expected[i].targets.negative_counts);
    }
  }
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { ahead.next(); }),
            "no batch is ahead after the last step: 40");
}

TEST_F(BatchPrefetcherTest, MayEndBeforeAllIsTaken) {
  const TrainingData data(options_);
  for (int taken = 0; taken < 4; ++taken) {
    BatchPrefetcher ahead(data, model_.tokenizer, options_, 0, 1'000'000);
    for (int i = 0; i < taken; ++i)
      EXPECT_EQ(ahead.next().size(), 3U);
  }
  BatchPrefetcher none(data, model_.tokenizer, options_, 5, 5);
  EXPECT_THAT(message_of(ErrorKind::kInternal, [&] { none.next(); }), HasSubstr("last step: 5"));
}

TEST_F(BatchPrefetcherTest, AnErrorIsThrownWhereItsStepIsTaken) {
  options_.data.no_duplicates = false;
  const TrainingData data(options_);
  // The mapped file changes beneath.
  std::string bytes = read_file(path_);
  std::fill(bytes.begin(), bytes.end(), 'x');
  std::FILE* file = std::fopen(path_.c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  BatchPrefetcher ahead(data, model_.tokenizer, options_, 0, 100);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(message_of(ErrorKind::kInput, [&] { ahead.next(); }), HasSubstr("record "));
  }
}

}  // namespace
}  // namespace sbert
