#include "sbert/dist/process_group.h"

#include <csignal>
#include <functional>
#include <latch>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/dist/shares.h"
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

TEST(ProcessGroup, ASumOfSharesGivesEachProcessItsOwn) {
  for (const int size : {2, 3, 4}) {
    on_each_rank(size, [&](ProcessGroup& group) {
      const Tensor matrix = at::arange(35, at::kFloat).view({7, 5});
      const Tensor number = at::full({}, 8, at::kFloat);
      const auto first = group.begin_sum_of_shares({(matrix * (group.rank() + 1)).t(), number});
      const auto second = group.begin_sum_of_shares({matrix});
      const int factor = size * (size + 1) / 2;
      const std::vector<Tensor> sums = first->wait();
      const auto own = [&](const Tensor& tensor) {
        return elements(tensor.contiguous(), share(tensor.numel(), group.rank(), size));
      };
      ASSERT_EQ(sums.size(), 2U);
      EXPECT_TRUE(sums[0].equal(own(matrix.t() * factor)));
      EXPECT_TRUE(sums[1].equal(own(number * size)));
      EXPECT_TRUE(second->wait()[0].equal(own(matrix * size)));
    });
  }
  EXPECT_TRUE(alone().begin_sum_of_shares({at::ones({2, 2})})->wait()[0].equal(at::ones({4})));
}

TEST(ProcessGroup, KeepsAccountOfWhatItSendsAndWaitsFor) {
  on_each_rank(2, [](ProcessGroup& group) {
    group.sum({at::ones({1000}, at::kFloat)});
    EXPECT_EQ(group.traffic().bytes_sent, 4000);  // half of them out, half of the sums back
    EXPECT_GT(group.traffic().wait_seconds, 0);
    group.gather(at::ones({10, 2}, at::kFloat), {10, 10});
    EXPECT_EQ(group.traffic().bytes_sent, 4080);
    group.begin_sum_of_shares({at::ones({1000}, at::kFloat)})->wait();
    EXPECT_EQ(group.traffic().bytes_sent, 6080);
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

void add_up_until_it_fails(ProcessGroup& group) {
  for (int i = 0; i < 1000; ++i)
    group.sum({at::ones({4})});
}

TEST(ProcessGroup, AProcessThatNeverComesIsNamedAfterTheTimeLimit) {
  const int port = free_port();
  const std::string message =
      message_of(ErrorKind::kIo, [&] { connect(member(0, 3, port), at::kCPU, 1); });
  EXPECT_EQ(message, concat("rank 0 of 3: cannot join at 127.0.0.1:", port,
                            ": processes 1, 2 of 3 are not there"));
}

TEST(ProcessGroup, WhereTheFirstNeverComesItIsNamed) {
  const int port = free_port();
  const std::string message =
      message_of(ErrorKind::kIo, [&] { connect(member(2, 3, port), at::kCPU, 1); });
  EXPECT_EQ(message, concat("rank 2 of 3: cannot join at 127.0.0.1:", port,
                            ": process 0 of 3, which keeps the store, cannot be reached at "
                            "127.0.0.1:",
                            port));
}

TEST(ProcessGroup, AProcessThatLeavesIsNamedByAllOthers) {
  on_each_rank(4, [](ProcessGroup& group) {
    if (group.rank() == 2) return;
    EXPECT_EQ(message_of(ErrorKind::kIo, [&] { add_up_until_it_fails(group); }),
              concat("rank ", group.rank(),
                     " of 4: cannot add up: process 2 of 4 is gone or out of reach"));
  });
}

TEST(ProcessGroup, WhenTheFirstLeavesTheOthersNameItAndTheStore) {
  on_each_rank(3, [](ProcessGroup& group) {
    if (group.rank() == 0) return;
    EXPECT_THAT(message_of(ErrorKind::kIo, [&] { add_up_until_it_fails(group); }),
                HasSubstr("process 0 of 3, which keeps the store, cannot be reached at"));
  });
}

// Of work that the group does together and that ends with an error of the input.
std::string message_of_all(ProcessGroup& group, const std::function<void()>& work) {
  return message_of(ErrorKind::kInput, [&] { run_collective(group, work); });
}

void expect_the_error_of(int failing, ProcessGroup& group) {
  constexpr const char* kError = "train.json: record 7 is empty";
  if (group.rank() == failing) {
    EXPECT_EQ(message_of_all(group, [] { fail(ErrorKind::kInput, kError); }), kError);
    return;
  }
  EXPECT_EQ(message_of_all(group, [&] { add_up_until_it_fails(group); }),
            concat("rank ", group.rank(), " of 3: cannot add up: process ", failing,
                   " of 3 failed: ", kError));
}

TEST(ProcessGroup, TheErrorOfOneIsThatOfAll) {
  for (const int failing : {0, 2})
    on_each_rank(3, [&](ProcessGroup& group) { expect_the_error_of(failing, group); });
}

TEST(ProcessGroup, AWriteToOneThatIsGoneIsAnErrorNotASignal) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  on_each_rank(2, [](ProcessGroup&) {});
  EXPECT_EQ(std::signal(SIGPIPE, before), SIG_IGN);
}

TEST(ProcessGroup, AProcessThatIsLateIsNamed) {
  const int port = free_port();
  std::vector<std::thread> threads;
  std::latch done(2);
  for (int rank = 0; rank < 3; ++rank) {
    threads.emplace_back([&, rank] {
      const auto group = connect(member(rank, 3, port), at::kCPU, 2);
      if (rank == 1) return done.wait();  // busy with something else
      EXPECT_THAT(message_of(ErrorKind::kIo, [&] { group->sum({at::ones({4})}); }),
                  HasSubstr("cannot add up: process 1 of 3 is late: "));
      done.count_down();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
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
