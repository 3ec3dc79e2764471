#pragma once

#include <cstddef>
#include <functional>

#include "sbert/base/worker_pool.h"

namespace sbert {

/// While it lives, torch's operators run on the calling thread alone; OpenMP makes no threads,
/// which would wait for their next loop by spinning. Torch keeps the number for each thread: other
/// threads may have guards of their own at the same time.
class SingleThreadedOperators {
 public:
  SingleThreadedOperators();
  ~SingleThreadedOperators();
  SingleThreadedOperators(const SingleThreadedOperators&) = delete;
  SingleThreadedOperators& operator=(const SingleThreadedOperators&) = delete;

 private:
  int before_;
};

/// WorkerPool::for_each() for work that calls torch's operators: each runs on its task's thread
/// alone. Whole tasks side by side on the cores are faster than operators that are shared, and
/// survive a busy machine. Several threads may call it at once.
void for_each_worker_task(const WorkerPool& pool,
                          std::size_t tasks,
                          const std::function<void(std::size_t)>& work,
                          const StopToken& stop = {});

}  // namespace sbert
