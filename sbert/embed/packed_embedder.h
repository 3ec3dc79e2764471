#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/model/cpu_encoder.h"

namespace sbert {

struct PackedEmbedderOptions {
  CpuPrecision precision = CpuPrecision::kFloat32;
  std::int64_t batch_tokens = 0;  ///< tokens of a packed batch; 0: chosen
};

/// Embeds texts on the CPU: sorts them by length, packs them to a token budget, and runs each batch
/// on one thread of the pool. The weights are packed once, when it is made. The vector of a text
/// does not depend on the texts beside it, bit for bit. Several threads may call it at once.
class PackedEmbedder final : public TextEmbedder {
 public:
  /// @param model weights are released as soon as they are packed
  /// @param pool  outlives this object; embedders may share it
  /// @throws Error(kInput) naming the field of the model that cannot be run on the CPU
  PackedEmbedder(TextModel model,
                 const WorkerPool& pool,
                 const PackedEmbedderOptions& options = {});
  ~PackedEmbedder() override;

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override;
  const ModelCard& card() const override;
  bool normalizes() const override;

  const Tokenizer& tokenizer() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
