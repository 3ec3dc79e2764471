#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "sbert/base/stop_token.h"

namespace sbert {

/// Cores that this process may use.
int available_threads();

/// Threads that live as long as the pool. Several callers may share one pool at once, and work may
/// call for_each() again: each caller works on its own tasks, so that none waits for a thread that
/// another one holds.
class WorkerPool {
 public:
  /// @param threads that work on a caller's tasks together, the caller among them; 0: every core
  explicit WorkerPool(int threads = 0);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int num_threads() const { return num_threads_; }

  /// Calls work(task) once for each task of [0, tasks) and returns when all are done; each thread
  /// takes the lowest task that is left. The first exception stops the others after their current
  /// task and is thrown here.
  /// @param stop asked before each task
  /// @throws Error(kCancelled) once a stop is requested
  void for_each(std::size_t tasks,
                const std::function<void(std::size_t)>& work,
                const StopToken& stop = {}) const;

 private:
  struct State;
  int num_threads_;
  std::unique_ptr<State> state_;
};

/// What long work runs on, passed down together.
struct ComputeContext {
  const WorkerPool& pool;
  StopToken stop{};
};

}  // namespace sbert
