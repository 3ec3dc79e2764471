#pragma once

#include <cstddef>
#include <functional>

namespace sbert {

/// While it lives, torch's operators run on the calling thread alone; OpenMP makes no threads,
/// which would wait for their next loop by spinning. Not on several threads at once: torch's number
/// of threads is the process's.
class OneThreadOperators {
 public:
  OneThreadOperators();
  ~OneThreadOperators();
  OneThreadOperators(const OneThreadOperators&) = delete;
  OneThreadOperators& operator=(const OneThreadOperators&) = delete;

 private:
  int before_;
};

/// for_each_task() for work that calls torch's operators: on each thread they run on that thread
/// alone. Whole tasks side by side on the cores are faster than operators that are
/// shared, and survive a busy machine. Not from several threads at once.
void for_each_worker_task(int threads,
                          std::size_t tasks,
                          const std::function<void(std::size_t)>& work);

}  // namespace sbert
