#include "sbert/base/threads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sbert {

void for_each_task(int threads, std::size_t tasks, const std::function<void(std::size_t)>& work) {
  const auto wanted = std::min(static_cast<std::size_t>(std::max(threads, 1)), tasks);
  if (wanted == 1) {  // a thread would only cost time
    for (std::size_t task = 0; task < tasks; ++task)
      work(task);
    return;
  }
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr first_error;
  std::mutex error_mutex;

  const auto run = [&] {
    while (!failed) {
      const std::size_t task = next++;
      if (task >= tasks) return;
      try {
        work(task);
      } catch (...) {
        const std::scoped_lock lock(error_mutex);
        if (!failed.exchange(true)) first_error = std::current_exception();
      }
    }
  };

  {
    std::vector<std::jthread> others;
    for (std::size_t i = 0; i < wanted; ++i)
      others.emplace_back(run);
  }
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace sbert
