#include "sbert/base/worker_pool.h"

#include <atomic>
#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(AvailableThreads, IsAtLeastOne) {
  EXPECT_GE(available_threads(), 1);
}

TEST(WorkerPool, ZeroThreadsIsEveryCore) {
  EXPECT_EQ(WorkerPool().num_threads(), available_threads());
  EXPECT_EQ(WorkerPool(3).num_threads(), 3);
}

TEST(WorkerPool, DoesEachTaskOnceInEveryCall) {
  for (const int threads : {1, 2, 7}) {
    const WorkerPool pool(threads);
    std::vector<std::atomic<int>> counts(100);
    for (int call = 0; call < 50; ++call)
      pool.for_each(counts.size(), [&](std::size_t task) { ++counts[task]; });
    for (const auto& count : counts)
      EXPECT_EQ(count, 50);
  }
}

TEST(WorkerPool, OneThreadTakesTasksInOrderOnTheCallersThread) {
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  WorkerPool(1).for_each(4, [&](std::size_t task) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(task);
  });
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3));
}

TEST(WorkerPool, NoTasksIsNoWork) {
  WorkerPool(4).for_each(0, [](std::size_t) { FAIL(); });
}

TEST(WorkerPool, TasksRunAtTheSameTimeOnThreadsThatLive) {
  const WorkerPool pool(3);
  std::set<std::thread::id> threads;
  for (int call = 0; call < 20; ++call) {
    std::barrier meeting(3);  // would wait for ever if fewer than three ran at once
    std::mutex mutex;
    pool.for_each(3, [&](std::size_t) {
      meeting.arrive_and_wait();
      const std::scoped_lock lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
  }
  EXPECT_EQ(threads.size(), 3U);
}

TEST(WorkerPool, FirstErrorStopsTheOthersAndIsThrown) {
  const WorkerPool pool(1);
  std::atomic<int> num_done = 0;
  const auto work = [&](std::size_t task) {
    if (task == 3) fail(ErrorKind::kInput, "task 3");
    ++num_done;
  };
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { pool.for_each(1'000, work); }), "task 3");
  EXPECT_EQ(num_done, 3);
}

TEST(WorkerPool, IsOfUseAfterAnError) {
  const WorkerPool pool(4);
  EXPECT_THROW(pool.for_each(100, [](std::size_t) { fail(ErrorKind::kInput, "no"); }), Error);
  std::atomic<int> num_done = 0;
  pool.for_each(100, [&](std::size_t) { ++num_done; });
  EXPECT_EQ(num_done, 100);
}

TEST(WorkerPool, MayBeNested) {
  const WorkerPool pool(2);
  std::atomic<int> num_done = 0;
  pool.for_each(3, [&](std::size_t) { pool.for_each(4, [&](std::size_t) { ++num_done; }); });
  EXPECT_EQ(num_done, 12);
}

TEST(WorkerPool, ServesSeveralCallersAtOnce) {
  const WorkerPool pool(3);
  std::vector<std::atomic<int>> counts(4);
  {
    std::vector<std::jthread> callers;
    for (std::size_t caller = 0; caller < counts.size(); ++caller) {
      callers.emplace_back([&, caller] {
        for (int call = 0; call < 100; ++call)
          pool.for_each(5, [&](std::size_t) { ++counts[caller]; });
      });
    }
  }
  for (const auto& count : counts)
    EXPECT_EQ(count, 500);
}

TEST(WorkerPool, AStopEndsTheWorkOfItsCallerAlone) {
  const WorkerPool pool(2);
  StopSource source;
  std::atomic<int> num_done = 0;
  const auto work = [&](std::size_t) {
    if (++num_done == 5) source.request_stop();
  };
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { pool.for_each(1'000, work, source.token()); }),
            "interrupted");
  EXPECT_LT(num_done, 10);
  num_done = 0;
  pool.for_each(100, [&](std::size_t) { ++num_done; });
  EXPECT_EQ(num_done, 100);
}

}  // namespace
}  // namespace sbert
