#include "sbert/train/batch_prefetcher.h"

#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/worker_pool.h"

namespace sbert {
namespace {

constexpr std::size_t kBatchesAhead = 4;

// Tokenizing takes a few percent of a step's time on the CPU; beside a GPU there are cores to
// spare.
int num_threads() {
  return available_threads() >= 8 ? 2 : 1;
}

}  // namespace

BatchPrefetcher::BatchPrefetcher(const TrainingData& data,
                                 const Tokenizer& tokenizer,
                                 const ModelOptions& options,
                                 std::int64_t first_step,
                                 std::int64_t last_step,
                                 const BatchShare& share)
    : data_(data),
      tokenizer_(tokenizer),
      options_(options),
      last_step_(last_step),
      share_(share),
      slots_(kBatchesAhead),
      next_step_(first_step),
      next_to_make_(first_step) {
  for (int i = 0; i < num_threads(); ++i)
    threads_.emplace_back([this] { work(); });
}

BatchPrefetcher::~BatchPrefetcher() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  has_room_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

BatchPrefetcher::Slot& BatchPrefetcher::slot(std::int64_t step) {
  return slots_[static_cast<std::size_t>(step) % slots_.size()];
}

BatchPrefetcher::Slot BatchPrefetcher::make(std::int64_t step) const {
  Slot made;
  try {
    made.batch = make_micro_batches(data_.batch(step), tokenizer_, options_, share_);
  } catch (...) {
    made.error = std::current_exception();
  }
  return made;
}

void BatchPrefetcher::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_room_.wait(lock, [&] {
      const auto ahead = static_cast<std::size_t>(next_to_make_ - next_step_);
      return is_stopped_ || next_to_make_ >= last_step_ || ahead < slots_.size();
    });
    if (is_stopped_ || next_to_make_ >= last_step_) return;
    const std::int64_t step = next_to_make_++;
    lock.unlock();
    Slot made = make(step);
    lock.lock();
    slot(step) = std::move(made);
    has_batch_.notify_all();
  }
}

std::vector<MicroBatch> BatchPrefetcher::next() {
  std::unique_lock lock(mutex_);
  if (next_step_ >= last_step_) {
    fail(ErrorKind::kInternal, concat("no batch is ahead after the last step: ", last_step_));
  }
  Slot& wanted = slot(next_step_);
  has_batch_.wait(lock, [&] { return wanted.is_ready(); });
  if (wanted.error) std::rethrow_exception(wanted.error);
  std::vector<MicroBatch> batch = std::move(*wanted.batch);
  wanted.batch.reset();
  ++next_step_;
  lock.unlock();
  has_room_.notify_one();
  return batch;
}

}  // namespace sbert
