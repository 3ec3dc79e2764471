#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/dist/buckets.h"
#include "sbert/dist/process_group.h"
#include "sbert/loss/loss.h"
#include "sbert/nn/torch_encoder.h"
#include "sbert/nn/torch_head.h"
#include "sbert/train/gradient_buckets.h"
#include "sbert/train/micro_batch_shards.h"
#include "sbert/train/model_options.h"
#include "sbert/train/training_batch.h"

namespace sbert {

/// What is a device's batch to NeMo is a micro batch here, so that the number of processes changes
/// nothing.
struct GradientOptions {
  std::int64_t bucket_bytes = kBucketBytes;  ///< of gradients that processes send at once
  /// Whether a question's negatives are those of the global batch; else those of its micro batch.
  bool global_inbatch_negatives = true;
  /// Each of M micro batches has the loss of the whole global batch and differentiates it by its
  /// own embeddings; the mean over them is the gradient of kGlobal divided by M.
  BackpropType backprop_type = BackpropType::kGlobal;
  int workers = 1;  ///< shards of a micro batch, each on a thread of the pool
  /// Of several processes that shard the gradients: this one's part of each of the encoder's
  /// trainable parameters, in their order (what follows them is not read).
  NamedTensors parts{};
};

/// The gradient of a loss over a global batch, by gradient cache (Gao et al., 2021, "Scaling Deep
/// Contrastive Learning Batch Size under Memory Limited Setup"): embed all micro batches, take the
/// loss's gradient on the embeddings, then backpropagate it micro batch by micro batch, embedding
/// each again. So the negatives are those of the whole batch however it is cut, and memory is that
/// of one micro batch. One micro batch alone needs no second pass, nor do micro batches with
/// negatives of their own, whose losses are averaged.
///
/// Processes of a group each encode their share of the micro batches (BatchShare); embeddings are
/// gathered, a loss that has parts is computed by parts, gradients are summed. All come to the same
/// result as one process would.
///
/// The sequences of a micro batch are divided among single-threaded workers, each with an encoder
/// of shared parameters and gradients of its own, which are added up in order (GradientBuckets).
/// The same number of workers gives the same bits.
class GradientCache {
 public:
  /// @param encoder, head, loss, pool, group outlive this; their parameters may be changed in place
  ///                                         between calls
  GradientCache(const TorchEncoder& encoder,
                const TorchHead& head,
                const Loss& loss,
                const WorkerPool& pool,
                ProcessGroup& group = alone(),
                const GradientOptions& options = {});

  /// Puts the gradient into the .grad() of the parameters of the encoder, or of their parts, and of
  /// those of the loss, in place of what is there.
  /// @param micro_batches of the global batch, the process's own with their tokens
  /// @param step_key   dropout of this step; each sequence draws its masks by its place in the
  ///                   global batch
  /// @param loss_scale the gradients are this many times larger
  /// @param memory     documents of earlier batches, for the loss of a global batch
  /// @return the loss, not scaled
  double compute(const std::vector<MicroBatch>& micro_batches,
                 std::uint64_t step_key,
                 double loss_scale = 1,
                 const LossMemory& memory = {});

  /// The global batch of the last compute() as the loss saw it, its embeddings constants. Nothing
  /// with negatives of micro batches.
  const LossBatch& batch() const { return batch_; }

 private:
  struct OwnMicroBatch {
    std::size_t place;  // in the global batch
    std::int64_t first_question;
    std::vector<Shard> shards;
  };

  std::vector<OwnMicroBatch> own_micro_batches(const std::vector<MicroBatch>& micro_batches,
                                               std::uint64_t step_key) const;
  Tensor compute_global(const std::vector<MicroBatch>& micro_batches,
                        const std::vector<OwnMicroBatch>& own,
                        double loss_scale,
                        const LossMemory& memory);
  Tensor compute_each(const std::vector<MicroBatch>& micro_batches,
                      const std::vector<OwnMicroBatch>& own,
                      double loss_scale);
  Tensor embed(std::size_t worker, const Shard& shard) const;
  std::vector<Tensor> embedded(const std::vector<Shard>& shards, bool keeps_graph) const;
  void backpropagate(const std::vector<Shard>& shards,
                     const std::vector<Tensor>& graph,
                     const Tensor& gradient);
  std::vector<Tensor> gathered(const std::vector<Tensor>& own,
                               const std::vector<MicroBatch>& micro_batches) const;
  Tensor compute_loss(double loss_scale);
  void sum_loss(const Tensor& loss);

  const TorchHead& head_;
  const Loss& loss_;
  const WorkerPool& pool_;
  ProcessGroup& group_;
  GradientOptions options_;
  std::vector<TorchEncoder> encoders_;  // one a worker
  std::unique_ptr<GradientBuckets> buckets_;
  LossBatch batch_;
};

}  // namespace sbert
