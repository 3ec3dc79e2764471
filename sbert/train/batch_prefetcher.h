#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sbert/text/tokenizer.h"
#include "sbert/train/model_options.h"
#include "sbert/train/training_batch.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Reads and tokenizes the batches of a run of steps ahead, in threads of its own, at most a few
/// batches ahead. What it gives is what make_micro_batches() gives of each step's batch.
class BatchPrefetcher {
 public:
  /// Begins at once.
  /// @param data, tokenizer, options outlive this
  /// @param first_step the step of the first next()
  /// @param last_step  one more than the last step
  /// @param share      of each global batch, that is tokenized
  BatchPrefetcher(const TrainingData& data,
                  const Tokenizer& tokenizer,
                  const ModelOptions& options,
                  std::int64_t first_step,
                  std::int64_t last_step,
                  const BatchShare& share = {});
  /// Ends the threads after the batch that each is at.
  ~BatchPrefetcher();
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;

  /// The micro batches of the next step. One thread may call.
  /// @throws what reading or tokenizing this step threw, and again at each later call;
  ///         Error(kInternal) after the last step
  std::vector<MicroBatch> next();

 private:
  struct Slot {
    std::optional<std::vector<MicroBatch>> batch;
    std::exception_ptr error;
    bool is_ready() const { return batch || error; }
  };

  void work();
  Slot make(std::int64_t step) const;
  Slot& slot(std::int64_t step);

  const TrainingData& data_;
  const Tokenizer& tokenizer_;
  const ModelOptions& options_;
  const std::int64_t last_step_;
  const BatchShare share_;

  std::mutex mutex_;  // of what follows
  std::condition_variable has_room_;
  std::condition_variable has_batch_;
  std::vector<Slot> slots_;  // of step modulo their number
  std::int64_t next_step_;   // that next() gives
  std::int64_t next_to_make_;
  bool is_stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sbert
