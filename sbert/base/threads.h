#pragma once

#include <cstddef>
#include <functional>

#include "sbert/base/worker_pool.h"

namespace sbert {

/// Calls work(task) once for each task of [0, tasks), on up to `threads` threads; each thread takes
/// the lowest task that is left. What one thread can do is done on the caller's. Returns when all
/// are done. The first exception stops the others after their current task and is thrown here.
void for_each_task(int threads, std::size_t tasks, const std::function<void(std::size_t)>& work);

}  // namespace sbert
