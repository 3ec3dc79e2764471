#pragma once

#include <cstdint>

#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/nn/torch_encoder.h"
#include "sbert/nn/torch_head.h"

namespace sbert {

/// Embeds texts with a TorchEncoder: on a GPU, in the precision of its recipe. Larger batches than
/// on a CPU, and vectors that depend on them in their last bits.
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

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override;
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override;

 private:
  const TorchEncoder& encoder_;
  const Tokenizer& tokenizer_;
  EmbeddingHead head_;
  TorchHead torch_head_;
  ModelCard card_;
  const WorkerPool& pool_;
  std::int64_t batch_tokens_;
};

}  // namespace sbert
