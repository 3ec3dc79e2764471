#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sbert/data/packed_batch.h"
#include "sbert/model/text_model.h"
#include "sbert/nn/dropout_key.h"
#include "sbert/nn/encoder_parameter.h"
#include "sbert/nn/tensor_fwd.h"
#include "sbert/nn/training_recipe.h"

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

/// Runs an EncoderSpec by torch's operators and our attention: with gradients, on any device.
/// Works on packed sequences; there is no padding anywhere.
class TorchEncoder {
 public:
  /// @throws Error(kInput) naming the field of the spec that this executor cannot run
  static void check_can_run(const EncoderSpec& spec);

  /// Copies the weights, as float32 on the device, on all cores.
  /// @param weights in the order of parameter_specs(spec), of these shapes, floating-point
  /// @throws Error(kInput) as check_can_run(); Error(kUsage) if the recipe is out of range or
  ///         freezes a layer that does not exist
  TorchEncoder(const EncoderSpec& spec,
               const Weights& weights,
               const TrainingRecipe& recipe,
               const c10::Device& device);
  ~TorchEncoder();
  TorchEncoder(TorchEncoder&&) noexcept;
  TorchEncoder& operator=(TorchEncoder&&) noexcept;

  /// An encoder with the same parameters and settings (the same memory, as tensors of their own):
  /// gradients that flow into it do not meet those of this one. Its trainable parameters want a
  /// gradient, frozen ones do not.
  TorchEncoder shared() const;

  const EncoderSpec& spec() const;
  const TrainingRecipe& recipe() const;
  c10::Device device() const;  ///< where the parameters are and forward() computes

  /// The encoder's own tensors (not copies), in the order of the network. Without adapters.
  EncoderParameters parameters() const;
  /// The adapters' own tensors, under PEFT's names:
  /// encoder.layer.N.attention.self.query.lora_A.weight [r, in] and .lora_B.weight [out, r].
  EncoderParameters lora_parameters() const;
  /// Those of both that are trained.
  EncoderParameters trainable_parameters() const;

  /// What a model of this encoder holds: in the order of parameter_specs(), float32 on the CPU,
  /// with the adapters merged in. Without adapters on a CPU they are views of the parameters, which
  /// change with them.
  Weights weights() const;

  /// @param batch   T tokens; ids below vocab_size, positions below num_positions
  /// @param dropout masks of a training pass; nullopt: no dropout
  /// @return        [T, H] the last layer's hidden states, with a gradient if grad mode is on; on
  ///                the CPU that of the word embeddings is sparse: the rows of the tokens
  /// @throws Error(kInternal) if an id or a position is out of range
  Tensor forward(const PackedBatch& batch, const std::optional<DropoutKey>& dropout) const;

 private:
  struct State;
  explicit TorchEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sbert
