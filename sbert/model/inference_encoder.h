#pragma once

#include <cstdint>
#include <memory>

#include "sbert/base/tensor_fwd.h"
#include "sbert/data/packed_batch.h"

namespace sbert {

class BertEncoder;

/// The numbers that a forward pass without gradients multiplies. kInt8: weights with a scale for
/// each output, activations with a scale for each token; all else is float32.
enum class InferencePrecision { kFloat32, kInt8 };

/// The forward pass of a BertEncoder without gradients, on the calling thread: weights laid out
/// once for the product, bias and activation in the product's last step, the rest in one pass over
/// rows that are still in the cache. A token's hidden state depends on its own sequence alone, to
/// the bit, whatever stands beside it in the batch.
class InferenceEncoder {
 public:
  /// Whether an encoder can be run so: float32 on the CPU, with products in float32.
  static bool can_run(const BertEncoder& encoder);

  /// Copies the layers' weights, with adapters merged into them; the embedding tables stay the
  /// encoder's memory. Changes of the encoder after this are not seen.
  /// @throws Error(kInternal) if it cannot be run so
  InferenceEncoder(const BertEncoder& encoder, InferencePrecision precision);
  ~InferenceEncoder();
  InferenceEncoder(InferenceEncoder&&) noexcept;
  InferenceEncoder& operator=(InferenceEncoder&&) noexcept;

  /// Several threads may call it at once.
  /// @param batch T tokens; ids below vocab_size, positions below max_position_embeddings
  /// @return      [T, H] the last layer's hidden states, float32
  /// @throws Error(kInternal) if an id or a position is out of range
  Tensor forward(const PackedBatch& batch) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
