#pragma once

#include <cstdint>
#include <memory>

#include "sbert/data/packed_batch.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// Runs an EmbeddingHead on the CPU without gradients, in float32: pools, applies the Dense layers,
/// normalizes. The embedding of a text depends on its own tokens alone, bit for bit.
class CpuHead {
 public:
  /// Lays the Dense layers' weights out for this processor and keeps nothing else of them.
  /// @param width H, of the hidden states
  /// @throws Error(kInput) naming the Dense layer whose shape or type cannot be run
  CpuHead(const EmbeddingHead& head, std::int64_t width);
  ~CpuHead();
  CpuHead(CpuHead&&) noexcept;
  CpuHead& operator=(CpuHead&&) noexcept;

  std::int64_t width() const;  ///< of an embedding
  bool normalizes() const;

  /// On the calling thread; several threads may call it at once.
  /// @param hidden [T, H] the last layer's hidden states
  /// @param to     [B, width()]
  void apply(const float* hidden, const PackedBatch& batch, float* to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
