#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sbert/base/tensor_fwd.h"
#include "sbert/data/packed_batch.h"
#include "sbert/model/compute_precision.h"
#include "sbert/model/dropout_key.h"
#include "sbert/model/encoder_config.h"

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

struct LoraOptions;
struct NamedTensor;

/// BERT (Devlin et al., 2019): post-layer-norm transformer, learned absolute positions, one token
/// type. Works on packed sequences; there is no padding anywhere.
class BertEncoder {
 public:
  /// Parameters are float32 zeros on the CPU; fill them through parameters().
  explicit BertEncoder(const EncoderConfig& config);
  ~BertEncoder();
  BertEncoder(BertEncoder&&) noexcept;
  BertEncoder& operator=(BertEncoder&&) noexcept;

  /// An encoder with the same parameters and settings (the same memory, as tensors of their own):
  /// gradients that flow into it do not meet those of this one. Its trainable parameters want a
  /// gradient, frozen ones do not.
  BertEncoder shared() const;

  const EncoderConfig& config() const;
  /// Sets the dropout rates of training passes, each in [0, 1).
  void set_dropout(double hidden, double attention);
  /// Whether training passes keep only each layer's input, and do the layer again in the backward
  /// pass: less memory, the same gradients to the bit, a third more work.
  void set_recompute(bool recompute);
  /// Sets the type of the matrix products (see ComputePrecision). The output stays float32.
  void set_compute_precision(ComputePrecision precision);
  ComputePrecision compute_precision() const;

  /// The encoder's own tensors (not copies), under Hugging Face's names without the `bert.` prefix,
  /// except that query, key and value of a layer are one tensor, stacked along dim 0 in that order:
  /// encoder.layer.N.attention.self.qkv.weight [3H, H] and .bias [3H]. In the order of the network.
  std::vector<NamedTensor> parameters() const;

  std::int64_t num_parameters() const;

  /// Where the parameters are and forward() computes.
  c10::Device device() const;
  /// Moves the parameters. Those of shared() copies and of earlier parameters() stay where they
  /// are.
  void to(const c10::Device& device);

  /// Excludes parameters from training: copies by shared() give them no gradient, and a backward
  /// pass ends where nothing below is trained. Adds to what is frozen already.
  /// @param names of parameters() or lora_parameters()
  /// @throws Error(kInternal) if there is no parameter of a name
  void freeze(const std::set<std::string>& names);
  /// Those of parameters() and lora_parameters() that are not frozen.
  std::vector<NamedTensor> trainable_parameters() const;

  /// Adds LoRA adapters to each layer and freezes all other parameters. The output does not change
  /// until the adapters are trained. The same seed draws the same adapters.
  /// @throws Error(kUsage) if the options are out of range or there are adapters already
  void add_lora(const LoraOptions& options, std::uint64_t seed);
  /// The adapters' own tensors, under PEFT's names:
  /// encoder.layer.N.attention.self.query.lora_A.weight [r, in] and .lora_B.weight [out, r].
  std::vector<NamedTensor> lora_parameters() const;
  /// Adds the adapters into the weights and removes them; nothing is frozen after. Adapted weights
  /// get memory of their own, so that merging a shared() copy leaves the original as it is.
  void merge_lora();

  /// @param batch   T tokens; ids below vocab_size, positions below max_position_embeddings
  /// @param dropout masks of a training pass; nullopt: no dropout
  /// @return        [T, H] the last layer's hidden states, with a gradient if grad mode is on; on
  ///                the CPU that of the word embeddings is sparse: the rows of the tokens
  /// @throws Error(kInternal) if an id or a position is out of range
  Tensor forward(const PackedBatch& batch, const std::optional<DropoutKey>& dropout) const;

 private:
  struct State;
  explicit BertEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sbert
