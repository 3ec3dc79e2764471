#include "sbert/nn/workers.h"

#include <ATen/Parallel.h>

#include "sbert/base/threads.h"

namespace sbert {

OneThreadOperators::OneThreadOperators() : before_(at::get_num_threads()) {
  at::set_num_threads(1);
}
OneThreadOperators::~OneThreadOperators() {
  at::set_num_threads(before_);
}

void for_each_worker_task(int threads,
                          std::size_t tasks,
                          const std::function<void(std::size_t)>& work) {
  const OneThreadOperators one_thread_each;
  for_each_task(threads, tasks, [&](std::size_t task) {
    at::init_num_threads();  // OpenMP's and MKL's setting is each thread's own
    work(task);
  });
}

}  // namespace sbert
