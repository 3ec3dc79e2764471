#include "sbert/data/distinct_batches.h"

#include <algorithm>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DistinctBatches, WithoutRepetitionsTheOrderStays) {
  const std::vector<RowKeys> rows{{1, 11, {21, 22}}, {2, 12, {21}}, {3, 13, {}}, {4, 14, {22}}};
  const Batches batches = distinct_batches(rows, 2);
  EXPECT_THAT(batches.rows, ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3)));
  EXPECT_THAT(batches.dropped_negatives, ElementsAre(IsEmpty(), IsEmpty(), IsEmpty(), IsEmpty()));
}

TEST(DistinctBatches, EachKindOfRepetitionMovesARow) {
  const RowKeys first{1, 11, {21}};
  const RowKeys repetitions[] = {
      {1, 12, {}},    // the question
      {2, 11, {}},    // the positive
      {2, 21, {}},    // its positive is a negative of the first
      {2, 12, {11}},  // its negative is the positive of the first
  };
  for (const RowKeys& second : repetitions) {
    const std::vector<RowKeys> rows{first, second, {3, 13, {}}, {4, 14, {}}};
    const Batches batches = distinct_batches(rows, 2);
    EXPECT_THAT(batches.rows, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
  }
}

TEST(DistinctBatches, NoQuestionIsADocumentOfAnotherInItsBatch) {
  const RowKeys first{1, 11, {21}, 51};
  const RowKeys repetitions[] = {
      {2, 51, {}, 11},  // the mirrored pair
      {2, 51, {}, 52},  // its positive is the first question
      {2, 12, {}, 11},  // the first positive is its question
      {2, 12, {51}, 52}, {2, 12, {}, 21},
  };
  for (const RowKeys& second : repetitions) {
    const std::vector<RowKeys> rows{first, second, {3, 13, {}, 53}, {4, 14, {}, 54}};
    EXPECT_THAT(distinct_batches(rows, 2).rows, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
  }
}

TEST(DistinctBatches, ATextPairedWithItselfIsNoRepetition) {
  const std::vector<RowKeys> rows{{1, 51, {}, 51}, {2, 52, {}, 52}};
  EXPECT_THAT(distinct_batches(rows, 2).rows, ElementsAre(ElementsAre(0, 1)));
}

TEST(DistinctBatches, WhatFitsNowhereLosesTheNegativesThatOffend) {
  const std::vector<RowKeys> rows{{1, 11, {12, 21, 13}}, {2, 12, {22, 11}}};
  const Batches batches = distinct_batches(rows, 2);
  EXPECT_THAT(batches.rows, ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(batches.dropped_negatives, ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST(DistinctBatches, OfOnePositiveAllRowsAreStillUsed) {
  const std::vector<RowKeys> rows{{1, 9, {}}, {2, 9, {}}, {3, 9, {}}, {4, 9, {}}};
  EXPECT_THAT(distinct_batches(rows, 2).rows, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(DistinctBatches, OfNoneIsNone) {
  EXPECT_THAT(distinct_batches({}, 4).rows, IsEmpty());
}

TEST(DistinctBatches, RowsHaveToFillTheBatches) {
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { distinct_batches(std::vector<RowKeys>(5), 2); }),
            "rows must fill batches of 2: 5");
}

TEST(DistinctBatches, RandomRowsEachOnceAndNoNegativeIsAPositive) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<RowKeys> rows(64);
    for (RowKeys& row : rows) {
      row = {random() % 40, 100 + random() % 60, {100 + random() % 60, 100 + random() % 60}};
      std::erase(row.negatives, row.positive);
    }
    const Batches batches = distinct_batches(rows, 8);
    std::multiset<std::size_t> used;
    for (const auto& batch : batches.rows) {
      EXPECT_EQ(batch.size(), 8U);
      used.insert(batch.begin(), batch.end());
      std::set<std::uint64_t> positives;
      for (const std::size_t row : batch)
        positives.insert(rows[row].positive);
      for (const std::size_t row : batch) {
        const auto& dropped = batches.dropped_negatives[row];
        for (std::size_t n = 0; n < rows[row].negatives.size(); ++n) {
          const bool is_dropped = std::count(dropped.begin(), dropped.end(), n) == 1;
          EXPECT_EQ(is_dropped, positives.contains(rows[row].negatives[n]));
        }
      }
    }
    EXPECT_EQ(used.size(), 64U);
    EXPECT_EQ(std::set(used.begin(), used.end()).size(), 64U);
  }
}

}  // namespace
}  // namespace sbert
