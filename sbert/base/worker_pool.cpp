#include "sbert/base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

namespace sbert {
namespace {

// The tasks of one call of for_each(). Threads that come late find none left and go.
class Job {
 public:
  Job(std::size_t tasks, const std::function<void(std::size_t)>& work, const StopToken& stop)
      : tasks_(tasks), work_(work), stop_(stop) {}

  // Works until no task is left.
  void run() {
    while (!failed_) {
      const std::size_t task = next_++;
      if (task >= tasks_) return;
      try {
        stop_.throw_if_stopped();
        work_(task);
      } catch (...) {
        const std::scoped_lock lock(error_mutex_);
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
  }

  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

  int num_helpers = 0;     // threads of the pool inside run(); guarded by the pool's mutex
  int wanted_helpers = 0;  // that may still join; guarded likewise

 private:
  std::size_t tasks_;
  const std::function<void(std::size_t)>& work_;
  const StopToken& stop_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

}  // namespace

struct WorkerPool::State {
  explicit State(int num_helpers) {
    for (int i = 0; i < num_helpers; ++i)
      threads.emplace_back([this](const std::stop_token& stop) { help(stop); });
  }
  ~State() {
    for (std::jthread& thread : threads)
      thread.request_stop();
    // jthread joins; a pool is destroyed when no call is under way.
  }

  void help(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (has_job.wait(lock, stop, [&] { return !jobs.empty(); })) {
      Job* const job = jobs.front();
      ++job->num_helpers;
      if (--job->wanted_helpers == 0) jobs.pop_front();
      lock.unlock();
      job->run();
      lock.lock();
      --job->num_helpers;
      has_left.notify_all();
    }
  }

  // Lets up to `helpers` threads of the pool work on the job beside the caller.
  void share(Job& job, int helpers) {
    {
      const std::scoped_lock lock(mutex);
      job.wanted_helpers = helpers;
      jobs.push_back(&job);
    }
    for (int i = 0; i < helpers; ++i)
      has_job.notify_one();
    job.run();
    std::unique_lock lock(mutex);
    std::erase(jobs, &job);
    has_left.wait(lock, [&] { return job.num_helpers == 0; });
  }

  std::mutex mutex;
  std::condition_variable_any has_job;
  std::condition_variable has_left;
  std::deque<Job*> jobs;  // that threads may still join
  std::vector<std::jthread> threads;
};

int available_threads() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

WorkerPool::WorkerPool(int threads)
    : num_threads_(threads > 0 ? threads : available_threads()),
      state_(std::make_unique<State>(num_threads_ - 1)) {}

WorkerPool::~WorkerPool() = default;

void WorkerPool::for_each(std::size_t tasks,
                          const std::function<void(std::size_t)>& work,
                          const StopToken& stop) const {
  Job job(tasks, work, stop);
  const auto most = static_cast<std::size_t>(num_threads_ - 1);
  const auto helpers = static_cast<int>(std::min(most, tasks > 0 ? tasks - 1 : 0));
  if (helpers == 0) {  // waking a thread would only cost time
    job.run();
  } else {
    state_->share(job, helpers);
  }
  job.rethrow_error();
}

}  // namespace sbert
