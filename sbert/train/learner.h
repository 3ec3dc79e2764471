#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "sbert/base/worker_pool.h"
#include "sbert/dist/process_group.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/loss/cross_batch_memory.h"
#include "sbert/loss/loss.h"
#include "sbert/model/text_model.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/nn/torch_encoder.h"
#include "sbert/nn/torch_head.h"
#include "sbert/optim/distributed_adamw.h"
#include "sbert/optim/ema.h"
#include "sbert/optim/loss_scaler.h"
#include "sbert/train/gradient_cache.h"
#include "sbert/train/model_options.h"
#include "sbert/train/throughput.h"

namespace sbert {

/// What a learner is told beside the model.* keys.
struct LearnerOptions {
  ComputePrecision precision = ComputePrecision::kFloat32;
  double gradient_clip_val = 1;  ///< largest L2 norm of the gradient; 0: no limit
  EmaOptions ema{};
};

/// What one update did.
struct StepResult {
  double loss = 0;
  double grad_norm = 0;              ///< before clipping
  bool is_skipped = false;           ///< 16-bit gradients overflowed; the next loss scale is lower
  std::optional<double> loss_scale;  ///< of 16-bit training
  /// Negatives that the questions of the batch lack since the data names them as answers.
  std::int64_t left_out_negatives = 0;
};

/// All that training changes: the parameters of the encoder and of the loss, the optimizer's
/// averages of their gradients, the moving average of the weights, the loss's memory of earlier
/// batches.
class Learner {
 public:
  /// @param model   what is trained, and how
  /// @param start   the weights to begin with, which are copied; tokenizer, head and card of the
  ///                model that comes out
  /// @throws Error(kUsage) if nothing is left to train
  /// @param pool    threads that share a micro batch on the CPU, and embed; outlives this
  /// @param group   processes that train the same; outlives this
  Learner(const ModelOptions& model,
          const LearnerOptions& options,
          const TextModel& start,
          const c10::Device& device,
          const WorkerPool& pool,
          ProcessGroup& group = alone());

  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// @param step  from 0: says which dropout masks are drawn
  /// @param clock is told what the time is spent on
  /// @throws Error(kUsage) if the loss or its gradient is not finite
  StepResult update(const std::vector<MicroBatch>& micro_batches,
                    std::int64_t step,
                    double lr,
                    PhaseClock& clock);

  const Loss& loss() const { return *loss_; }
  c10::Device device() const;
  const Tokenizer& tokenizer() const { return frame_.tokenizer; }
  const ModelCard& card() const { return frame_.card; }
  /// D, of an embedding.
  std::int64_t width() const { return head_.width(encoder_.spec().width); }
  /// Null unless exp_manager.ema.enable.
  ExponentialMovingAverage* averages() { return averages_ ? &*averages_ : nullptr; }

  /// The model with the weights as they are, adapters merged in. Weights may be views of the
  /// parameters, which change with the next update.
  TextModel model() const;
  /// Embeds with the weights as they are, on a CPU in float32 with adapters merged in. The weights
  /// must not change while it lives, and this object outlives it.
  std::unique_ptr<TextEmbedder> embedder() const;

  /// What a model is written from: the parameters and their moving average. Not copies.
  NamedTensors weights() const;
  /// Tensors that hold all that training changes, some of them copies of counters. Where the
  /// optimizer's averages are sharded, all of them are in the leader alone, as copies. To be
  /// called in all processes. To resume, fill the leader's with those of an earlier run and call
  /// resume() in all processes: they take over the leader's.
  NamedTensors state() const;
  void resume(const NamedTensors& state);

 private:
  std::int64_t count_left_out(const std::vector<MicroBatch>& micro_batches) const;

  const WorkerPool& pool_;
  ProcessGroup& group_;
  std::uint64_t seed_;
  double clip_;
  TextModel frame_;  // without weights
  TorchEncoder encoder_;
  TorchHead head_;
  std::unique_ptr<Loss> loss_;
  NamedTensors trained_;                    // of the encoder and the loss
  std::optional<CrossBatchMemory> memory_;  // model.loss.memory_size
  std::int64_t memory_start_step_;
  LossOptions loss_options_;
  bool has_global_negatives_;
  std::optional<GradientCache> gradient_;
  std::optional<DistributedAdamW> optimizer_;
  std::optional<ExponentialMovingAverage> averages_;
  std::int64_t averaging_interval_;
  std::optional<LossScaler> scaler_;
};

}  // namespace sbert
