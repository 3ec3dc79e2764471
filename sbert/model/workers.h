#pragma once

#include <cstddef>
#include <functional>

namespace sbert {

/// for_each_task() for work that calls torch's operators: on each thread they run on that thread
/// alone. Whole tasks side by side on the cores are faster than operators that are
/// shared, and survive a busy machine. Not from several threads at once: torch's number of threads
/// is the process's.
void for_each_worker_task(int threads,
                          std::size_t tasks,
                          const std::function<void(std::size_t)>& work);

}  // namespace sbert
