#include "sbert/dist/process_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

using testing::HasSubstr;

TEST(ProcessGroup, SumsTensorsOfSeveralTypesAndShapes) {
  on_each_rank(3, [](ProcessGroup& group) {
    const double own = group.rank() + 1;
    const Tensor matrix = at::full({2, 3}, own, at::kFloat);
    const Tensor number = at::full({}, own, at::kDouble);
    const Tensor transposed = at::full({4, 2}, own, at::kFloat).t();
    const Tensor large = at::full({8'000'000}, own, at::kFloat);  // more than a bucket
    group.sum({matrix, number, transposed, large});
    for (const Tensor& each : {matrix, number, transposed, large})
      EXPECT_TRUE(each.eq(6).all().item<bool>());
  });
}

TEST(ProcessGroup, ASumHasTheSameBitsInEachProcess) {
  on_each_rank(3, [](ProcessGroup& group) {
    const Tensor values = at::randn(
        {10'000}, at::detail::createCPUGenerator(static_cast<std::uint64_t>(group.rank())));
    group.sum({values});
    const auto all = group.gather(values, {10'000, 10'000, 10'000});
    for (const Tensor& each : all)
      EXPECT_TRUE(each.equal(values));
  });
}

TEST(ProcessGroup, SumsThatAreUnderWayTogetherEndInAnyOrder) {
  on_each_rank(3, [](ProcessGroup& group) {
    const Tensor first = at::full({100'000}, group.rank(), at::kFloat);
    const Tensor second = at::full({2, 2}, 10 * group.rank(), at::kFloat);
    const auto of_first = group.begin_sum({first});
    const auto of_second = group.begin_sum({second});
    of_second->wait();
    EXPECT_TRUE(second.eq(30).all().item<bool>());
    of_first->wait();
    EXPECT_TRUE(first.eq(3).all().item<bool>());
  });
}

TEST(ProcessGroup, KeepsAccountOfWhatItSendsAndWaitsFor) {
  on_each_rank(2, [](ProcessGroup& group) {
    group.sum({at::ones({1000}, at::kFloat)});
    EXPECT_EQ(group.traffic().bytes_sent, 4000);  // half of them out, half of the sums back
    EXPECT_GT(group.traffic().wait_seconds, 0);
    group.gather(at::ones({10, 2}, at::kFloat), {10, 10});
    EXPECT_EQ(group.traffic().bytes_sent, 4080);
  });
  EXPECT_EQ(alone().traffic().bytes_sent, 0);
}

TEST(ProcessGroup, TheLeadersValuesReplaceTheOthers) {
  on_each_rank(2, [](ProcessGroup& group) {
    const Tensor values = at::full({3}, group.is_leader() ? 7 : 0, at::kLong);
    group.broadcast({values});
    EXPECT_TRUE(values.eq(7).all().item<bool>());
  });
}

TEST(ProcessGroup, GathersPartsOfDifferentSizesAndNone) {
  on_each_rank(3, [](ProcessGroup& group) {
    const std::vector<std::int64_t> counts{2, 0, 3};
    const std::int64_t own = counts[static_cast<std::size_t>(group.rank())];
    const auto parts = group.gather(at::full({own, 2}, group.rank(), at::kFloat), counts);
    ASSERT_EQ(parts.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(parts[i].size(0), counts[i]);
      EXPECT_TRUE(parts[i].eq(static_cast<double>(i)).all().item<bool>());
    }
  });
}

TEST(ProcessGroup, AnyIsTrueForAllIfForOne) {
  on_each_rank(2, [](ProcessGroup& group) {
    EXPECT_TRUE(group.any(group.rank() == 1));
    EXPECT_FALSE(group.any(false));
  });
}

TEST(ProcessGroup, AProcessThatNeverComesIsAnErrorAfterTheTimeLimit) {
  const std::string message =
      message_of(ErrorKind::kIo, [] { connect(member(0, 2, free_port()), at::kCPU, 1); });
  EXPECT_THAT(message, HasSubstr("rank 0 of 2"));
}

TEST(ProcessGroup, AProcessThatLeavesIsAnErrorForTheOther) {
  on_each_rank(2, [](ProcessGroup& group) {
    if (group.rank() == 1) return;
    EXPECT_THAT(message_of(ErrorKind::kIo,
                           [&] {
                             for (int i = 0; i < 100; ++i)
                               group.sum({at::ones({4})});
                           }),
                HasSubstr("another process is gone"));
  });
}

TEST(ProcessGroup, AloneNothingChanges) {
  const Tensor values = at::arange(3);
  alone().sum({values});
  alone().broadcast({values});
  EXPECT_TRUE(values.equal(at::arange(3)));
  EXPECT_TRUE(alone().gather(values, {3})[0].equal(values));
  EXPECT_TRUE(alone().any(true));
  EXPECT_FALSE(alone().any(false));
  EXPECT_TRUE(alone().is_leader());
}

}  // namespace
}  // namespace sbert
