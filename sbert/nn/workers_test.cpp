#include "sbert/nn/workers.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/Parallel.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

constexpr int kNumber = 3;  // of threads, as no machine's default

class Workers : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(kNumber); }
  void TearDown() override { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

TEST_F(Workers, OperatorsRunOnTheTasksThreadAlone) {
  const WorkerPool pool(2);
  std::atomic<int> alone = 0;
  std::latch both(2);  // each task has a thread of its own
  for_each_worker_task(pool, 2, [&](std::size_t) {
    both.arrive_and_wait();
    alone += at::get_num_threads() == 1 ? 1 : 0;
  });
  EXPECT_EQ(alone, 2);
  EXPECT_EQ(at::get_num_threads(), kNumber);
}

TEST_F(Workers, TwoCallersAtOnceGetTheirOwnNumbersBack) {
  std::latch entered(2);
  std::latch first_has_left(1);
  int first_after = 0;
  int second_after = 0;
  const auto call = [&](bool waits) {
    const WorkerPool pool(1);
    for_each_worker_task(pool, 1, [&](std::size_t) {
      entered.arrive_and_wait();
      if (waits) first_has_left.wait();
      EXPECT_EQ(at::get_num_threads(), 1);
    });
  };
  std::thread first([&] {
    at::set_num_threads(kNumber + 1);
    call(false);
    first_after = at::get_num_threads();
    first_has_left.count_down();
  });
  std::thread second([&] {
    at::set_num_threads(kNumber + 2);
    call(true);
    second_after = at::get_num_threads();
  });
  first.join();
  second.join();
  EXPECT_EQ(first_after, kNumber + 1);
  EXPECT_EQ(second_after, kNumber + 2);
  EXPECT_EQ(at::get_num_threads(), kNumber);
}

TEST_F(Workers, AThreadThatBeginsDuringAnothersWorkIsNotLeftWithOneThread) {
  if (available_threads() == 1) GTEST_SKIP() << "one thread is this machine's number";
  int after = 0;
  {
    const SingleThreadedOperators guard;
    std::thread([&] {
      {
        const SingleThreadedOperators its_own;
      }
      after = at::get_num_threads();
    }).join();
  }
  EXPECT_GT(after, 1);
  EXPECT_EQ(at::get_num_threads(), kNumber);
}

TEST_F(Workers, AStopIsPassedOn) {
  const WorkerPool pool(1);
  StopSource source;
  int done = 0;
  message_of(ErrorKind::kCancelled, [&] {
    const auto work = [&](std::size_t) {
      ++done;
      source.request_stop();
    };
    for_each_worker_task(pool, 3, work, source.token());
  });
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace sbert
