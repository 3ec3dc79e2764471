#include "sbert/train/micro_batch_shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// Questions, positives and one negative each; a text has as many tokens as its number, from 1.
MicroBatch batch_of(std::int64_t questions) {
  MicroBatch batch;
  for (std::int64_t text = 1; text <= 3 * questions; ++text) {
    batch.tokens.append(
        std::vector<std::int32_t>(static_cast<std::size_t>(text), static_cast<std::int32_t>(text)));
  }
  batch.targets.negative_counts.assign(static_cast<std::size_t>(questions), 1);
  return batch;
}

TEST(MicroBatchShards, HoldAllTextsInOrderHoweverMany) {
  const MicroBatch batch = batch_of(4);
  for (const std::size_t workers : {1, 2, 5, 100}) {
    std::vector<std::int32_t> ids;
    std::int64_t rows = 0;
    const std::vector<Shard> shards = shard_micro_batch(batch, 7, 0, workers);
    EXPECT_LE(shards.size(), workers);
    for (const Shard& shard : shards) {
      EXPECT_EQ(shard.first_row, rows);
      EXPECT_EQ(std::ssize(shard.key.sequences), shard.tokens.num_sequences());
      rows += shard.tokens.num_sequences();
      ids.insert(ids.end(), shard.tokens.ids.begin(), shard.tokens.ids.end());
    }
    EXPECT_THAT(ids, ElementsAreArray(batch.tokens.ids));
  }
}

TEST(MicroBatchShards, DropoutIsOfAQuestionsPlaceInTheGlobalBatch) {
  const auto numbers = [](std::int64_t questions, std::int64_t first) {
    return shard_micro_batch(batch_of(questions), 7, first, 1).at(0).key.sequences;
  };
  const auto whole = numbers(2, 4);   // question 4, 5; their positives; their negatives
  const auto second = numbers(1, 5);  // 5
  EXPECT_THAT(second, ElementsAre(whole[1], whole[3], whole[5]));
  EXPECT_THAT(numbers(1, 4), ElementsAre(whole[0], whole[2], whole[4]));
}

}  // namespace
}  // namespace sbert
