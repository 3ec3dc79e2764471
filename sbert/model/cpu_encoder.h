#pragma once

#include <memory>
#include <string_view>

#include "sbert/base/worker_pool.h"
#include "sbert/data/packed_batch.h"
#include "sbert/kernels/cpu_variant.h"
#include "sbert/model/encoder_spec.h"
#include "sbert/model/weights.h"

namespace sbert {

/// The numbers that a forward pass without gradients multiplies. kInt8: weights with a scale for
/// each output, activations with a scale for each token; all else is float32.
enum class CpuPrecision { kFloat32, kInt8 };

/// "32" or "int8".
std::string_view precision_name(CpuPrecision precision);

/// Runs an EncoderSpec on the CPU without gradients: weights packed once for the product, bias
/// and activation in the product's last step, the rest in one pass over rows that are still in the
/// cache. A token's hidden state depends on its own sequence alone, bit for bit, regardless of the
/// other sequences in the batch.
class CpuEncoder {
 public:
  /// @throws Error(kInput) naming the field of the spec that this executor cannot run
  static void check_can_run(const EncoderSpec& spec);

  /// Lays the weights out for this processor, on the threads of the pool, and lets go of each as
  /// soon as it is; the embedding tables are kept as they are, whatever floating-point type.
  /// @param weights in the order of parameter_specs(spec), of these shapes, floating-point
  /// @throws Error(kInput) as check_can_run()
  CpuEncoder(const EncoderSpec& spec,
             Weights weights,
             CpuPrecision precision,
             const WorkerPool& pool);
  /// With the kernels of a variant that this processor supports, instead of chosen_cpu_variant().
  CpuEncoder(const EncoderSpec& spec,
             Weights weights,
             CpuPrecision precision,
             const WorkerPool& pool,
             CpuVariant variant);
  ~CpuEncoder();
  CpuEncoder(CpuEncoder&&) noexcept;
  CpuEncoder& operator=(CpuEncoder&&) noexcept;

  const EncoderSpec& spec() const;

  /// On the calling thread; several threads may call it at once.
  /// @param batch T tokens; ids below vocab_size, positions below num_positions where there is a
  ///              table of them
  /// @param to    [T, H] the last layer's hidden states
  /// @throws Error(kInternal) if an id or a position is out of range
  void forward(const PackedBatch& batch, float* to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
