#include "sbert/dist/process_group.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"
#include "sbert/dist/free_port.h"
#include "sbert/dist/membership.h"

namespace sbert {
namespace {

using testing::HasSubstr;

Membership member(int rank, int size, int port) {
  return {.rank = rank,
          .size = size,
          .local_rank = rank,
          .master_address = "127.0.0.1",
          .master_port = port};
}

// Threads in the place of processes: Gloo's connections are the same.
void on_each_rank(int size, const std::function<void(ProcessGroup&)>& work) {
  const int port = free_port();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] { work(*connect(member(rank, size, port), at::kCPU, 60)); });
  }
  for (std::thread& thread : threads)
    thread.join();
}

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
