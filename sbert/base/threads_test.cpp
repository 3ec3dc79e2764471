#include "sbert/base/threads.h"

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

TEST(ForEachTask, DoesEachTaskOnce) {
  for (const int threads : {-1, 0, 1, 2, 7}) {
    std::vector<std::atomic<int>> counts(100);
    for_each_task(threads, counts.size(), [&](std::size_t task) { ++counts[task]; });
    for (const auto& count : counts)
      EXPECT_EQ(count, 1);
  }
}

TEST(ForEachTask, OneThreadTakesTasksInOrder) {
  std::vector<std::size_t> order;
  for_each_task(1, 4, [&](std::size_t task) { order.push_back(task); });
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3));
}

TEST(ForEachTask, NoTasksIsNoWork) {
  for_each_task(4, 0, [](std::size_t) { FAIL(); });
}

TEST(ForEachTask, TasksRunAtTheSameTime) {
  std::barrier meeting(3);  // would wait for ever if fewer than three ran at once
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for_each_task(3, 3, [&](std::size_t) {
    meeting.arrive_and_wait();
    const std::scoped_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), 3U);
}

TEST(ForEachTask, FirstErrorStopsTheOthersAndIsThrown) {
  std::atomic<int> num_done = 0;
  const auto work = [&](std::size_t task) {
    if (task == 3) fail(ErrorKind::kInput, "task 3");
    ++num_done;
  };
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { for_each_task(1, 1'000, work); }), "task 3");
  EXPECT_EQ(num_done, 3);
}

TEST(ForEachTask, MayBeNested) {
  std::atomic<int> num_done = 0;
  for_each_task(2, 3, [&](std::size_t) { for_each_task(2, 4, [&](std::size_t) { ++num_done; }); });
  EXPECT_EQ(num_done, 12);
}

}  // namespace
}  // namespace sbert
