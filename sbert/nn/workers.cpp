#include "sbert/nn/workers.h"

#include <utility>

#include <ATen/Parallel.h>

namespace sbert {
namespace {

// Torch's number of threads for operators that this thread calls. Torch gives a thread that is new
// to it the number that any thread set last, which may be the 1 of a guard elsewhere: such a thread
// gets the number that the process began with.
int own_num_threads() {
  static const int kAtFirst = at::get_num_threads();
  static thread_local bool is_new = true;
  const int number = at::get_num_threads();
  return std::exchange(is_new, false) && number == 1 ? kAtFirst : number;
}

}  // namespace

SingleThreadedOperators::SingleThreadedOperators() : before_(own_num_threads()) {
  at::set_num_threads(1);
}
SingleThreadedOperators::~SingleThreadedOperators() {
  at::set_num_threads(before_);
}

void for_each_worker_task(const WorkerPool& pool,
                          std::size_t tasks,
                          const std::function<void(std::size_t)>& work,
                          const StopToken& stop) {
  const SingleThreadedOperators on_this_thread;
  const auto on_its_thread = [&](std::size_t task) {
    at::set_num_threads(1);  // the pool's threads do nothing else with torch
    work(task);
  };
  pool.for_each(tasks, on_its_thread, stop);
}

}  // namespace sbert
