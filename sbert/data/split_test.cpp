#include "sbert/data/split.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

TEST(SplitRecords, LastOfTheShuffledValidate) {
  const Split split = split_records(10, 3);
  EXPECT_THAT(split.train, ElementsAre(7, 3, 2, 8, 5, 6, 9));
  EXPECT_THAT(split.validation, ElementsAre(4, 0, 1));
}

TEST(SplitRecords, NoneOrAllButOneMayValidate) {
  EXPECT_THAT(split_records(10, 0).validation, IsEmpty());
  EXPECT_THAT(split_records(10, 0).train, testing::SizeIs(10));
  EXPECT_THAT(split_records(10, 9).train, ElementsAre(7));
}

TEST(SplitRecords, ErrorsNameTheKeyAndBothNumbers) {
  const auto message = [](std::int64_t rows, std::int64_t sample) {
    return message_of(ErrorKind::kUsage, [&] { split_records(rows, sample); });
  };
  EXPECT_EQ(message(80, 100),
            "model.data.evaluation_sample_size must be less than the number of records: 100 of 80");
  EXPECT_EQ(
      message(100, 100),
      "model.data.evaluation_sample_size must be less than the number of records: 100 of 100");
  EXPECT_EQ(message(10, -1), "model.data.evaluation_sample_size must not be negative: -1");
}

TEST(EpochOrder, FirstIsTheOrderOfTheSplit) {
  const std::vector<RowNumber> train = split_records(50, 10).train;
  EXPECT_EQ(epoch_order(train, 1234, 0), train);
}

TEST(EpochOrder, LaterOnesAreOtherOrdersOfTheSameRows) {
  const std::vector<RowNumber> train = split_records(200, 50).train;
  std::vector<std::vector<RowNumber>> orders;
  for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
    orders.push_back(epoch_order(train, 1234, epoch));
    EXPECT_THAT(orders.back(), UnorderedElementsAreArray(train));
  }
  orders.push_back(epoch_order(train, 1235, 1));
  std::sort(orders.begin(), orders.end());
  EXPECT_EQ(std::adjacent_find(orders.begin(), orders.end()), orders.end());
}

TEST(EpochOrder, DependsOnNothingDrawnBefore) {
  const std::vector<RowNumber> train = split_records(100, 10).train;
  const auto first = epoch_order(train, 7, 3);
  epoch_order(train, 7, 1);
  EXPECT_EQ(epoch_order(train, 7, 3), first);
}

TEST(EpochOrder, EachOfTheOrdersIsAsLikely) {
  const std::vector<RowNumber> rows = {0, 1, 2};
  std::array<int, 9> counts{};
  constexpr int kDraws = 6'000;
  for (std::int64_t epoch = 1; epoch <= kDraws; ++epoch) {
    const auto order = epoch_order(rows, 42, epoch);
    ++counts[static_cast<std::size_t>(order[0] * 3 + order[1])];
  }
  // Six orders, 1,000 expected of each; the standard deviation is 29.
  int num_seen = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++num_seen;
    EXPECT_NEAR(count, 1'000, 150);
  }
  EXPECT_EQ(num_seen, 6);
}

TEST(SplitRecords, NumbersHaveFourBytes) {
  EXPECT_EQ(message_of(ErrorKind::kInput, [] { split_records(1LL << 32, 0); }),
            "more than 4,294,967,295 records: 4294967296");
}

TEST(Permutation, HoldsEachNumberAndDependsOnTheKey) {
  const std::vector<RowNumber> order = permutation(50, 1);
  std::vector<RowNumber> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (RowNumber i = 0; i < 50; ++i)
    EXPECT_EQ(sorted[i], i);
  EXPECT_EQ(permutation(50, 1), order);
  EXPECT_NE(permutation(50, 2), order);
  EXPECT_THAT(permutation(0, 1), IsEmpty());
}

TEST(EpochOrder, OfNoneAndOne) {
  EXPECT_THAT(epoch_order({}, 1, 5), IsEmpty());
  const std::vector<RowNumber> one = {4};
  EXPECT_THAT(epoch_order(one, 1, 5), ElementsAre(4));
}

}  // namespace
}  // namespace sbert
