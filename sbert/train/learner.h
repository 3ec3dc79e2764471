#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sbert/nn/named_tensor.h"
#include "sbert/dist/process_group.h"
#include "sbert/loss/cross_batch_memory.h"
#include "sbert/loss/loss.h"
#include "sbert/model/sentence_model.h"
#include "sbert/optim/distributed_adamw.h"
#include "sbert/optim/ema.h"
#include "sbert/optim/loss_scaler.h"
#include "sbert/train/gradient_cache.h"
#include "sbert/train/phase_clock.h"
#include "sbert/train/train_options.h"

namespace sbert {

/// What one update did.
struct Update {
  double loss = 0;
  double grad_norm = 0;              ///< before clipping
  bool is_skipped = false;           ///< 16-bit gradients overflowed; the next loss scale is lower
  std::optional<double> loss_scale;  ///< of 16-bit training
};

/// All that training changes: the parameters of the model and of the loss, the optimizer's averages
/// of their gradients, the moving average of the weights, the loss's memory of earlier batches.
class Learner {
 public:
  /// @param model   trained in place; outlives this. Frozen parameters stop asking for gradients,
  ///                adapters are added (model.lora)
  /// @param workers threads that share a micro batch
  /// @param group   processes that train the same; outlives this
  Learner(const TrainOptions& options,
          SentenceModel& model,
          int workers,
          ProcessGroup& group = alone());

  /// @param step  from 0: says which dropout masks are drawn
  /// @param clock is told what the time is spent on
  /// @throws Error(kUsage) if the loss or its gradient is not finite
  Update update(const std::vector<MicroBatch>& micro_batches,
                std::int64_t step,
                double lr,
                PhaseClock& clock);

  const Loss& loss() const { return *loss_; }
  /// Null unless exp_manager.ema.enable.
  ExponentialMovingAverage* averages() { return averages_ ? &*averages_ : nullptr; }

  /// What a model is written from: the parameters and their moving average. Not copies.
  NamedTensors weights() const;
  /// Tensors that hold all that training changes, some of them copies of counters. Where the
  /// optimizer's averages are shared out, all of them are in the leader alone, as copies. To be
  /// called in all processes. To resume, fill the leader's with those of an earlier run and call
  /// resume() in all processes: they take over the leader's.
  NamedTensors state() const;
  void resume(const NamedTensors& state);

 private:
  void set_recipe(const TrainOptions& options);

  SentenceModel& model_;
  ProcessGroup& group_;
  std::uint64_t seed_;
  double clip_;
  std::unique_ptr<Loss> loss_;
  NamedTensors trained_;                    // of the model and the loss
  std::optional<CrossBatchMemory> memory_;  // model.loss.memory_size
  std::int64_t memory_start_step_;
  std::optional<GradientCache> gradient_;
  std::optional<DistributedAdamW> optimizer_;
  std::optional<ExponentialMovingAverage> averages_;
  std::int64_t averaging_interval_;
  std::optional<LossScaler> scaler_;
};

}  // namespace sbert
