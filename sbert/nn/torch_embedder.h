#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sbert/base/worker_pool.h"
#include "sbert/embed/batch_plan.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/nn/torch_encoder.h"
#include "sbert/nn/torch_head.h"

namespace sbert {

/// Embeds texts with a TorchEncoder: on a GPU, in the precision of its recipe. Larger batches than
/// on a CPU, and vectors that depend on them in their last bits. Several threads may call it at
/// once.
class TorchEmbedder final : public TextEmbedder {
 public:
  /// @param encoder      outlives this object, as do the tokenizer and the pool
  /// @param batch_tokens tokens of a packed batch; 0: chosen
  TorchEmbedder(const TorchEncoder& encoder,
                const Tokenizer& tokenizer,
                const EmbeddingHead& head,
                ModelCard card,
                const WorkerPool& pool,
                std::int64_t batch_tokens = 0);

  /// @throws Error(kUsage) also if the device has no memory for a batch, saying what to lower
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return head_.width(encoder_.spec().width); }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return head_.normalizes(); }

 private:
  void embed_members(const TokenLists& lists,
                     std::span<const std::size_t> members,
                     std::size_t first_row,
                     FloatMatrix& result) const;

  const TorchEncoder& encoder_;
  const Tokenizer& tokenizer_;
  TorchHead head_;
  ModelCard card_;
  const WorkerPool& pool_;
  std::unique_ptr<const WorkerPool> gpu_workers_;  // null on the CPU, where those of pool_ work
  std::int64_t batch_tokens_;
};

}  // namespace sbert
