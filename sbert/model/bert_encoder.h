#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sbert/base/tensor_fwd.h"
#include "sbert/data/packed_batch.h"

namespace sbert {

struct NamedTensor;

enum class Activation { kGelu, kGeluTanh, kRelu };

/// The architecture of a BERT encoder. Defaults: bert-base.
struct EncoderConfig {
  std::int64_t vocab_size = 30'522;
  std::int64_t hidden_size = 768;
  std::int64_t num_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t ffn_hidden_size = 3'072;
  std::int64_t max_position_embeddings = 512;
  std::int64_t type_vocab_size = 2;
  double layernorm_epsilon = 1e-12;
  Activation activation = Activation::kGelu;
  double hidden_dropout = 0.1;     ///< in training only
  double attention_dropout = 0.1;  ///< in training only

  /// @throws Error(kInput) naming the key that is out of range, before any memory is taken for it
  void validate() const;
};

/// Which random numbers a training forward pass draws for dropout: the same key, the same masks,
/// so that a pass can be repeated. Each place that drops derives its own key from it.
struct DropoutKey {
  std::uint64_t value = 0;
  /// [B] the number of each sequence of the batch; empty: 0, 1, 2, ... A sequence draws the masks
  /// of its number, whatever batch it is in.
  std::vector<std::int64_t> sequences;
};

/// BERT (Devlin et al., 2019): post-layer-norm transformer, learned absolute positions, one token
/// type. Works on packed sequences; there is no padding anywhere.
class BertEncoder {
 public:
  /// Parameters are float32 zeros on the CPU; fill them through parameters().
  explicit BertEncoder(const EncoderConfig& config);
  ~BertEncoder();
  BertEncoder(BertEncoder&&) noexcept;
  BertEncoder& operator=(BertEncoder&&) noexcept;

  /// An encoder with the same parameters (the same memory, as tensors of their own): gradients that
  /// flow into it do not meet those of this one.
  BertEncoder shared() const;

  const EncoderConfig& config() const;
  /// Sets the dropout rates of training passes, each in [0, 1).
  void set_dropout(double hidden, double attention);

  /// The encoder's own tensors (not copies), under Hugging Face's names without the `bert.` prefix,
  /// except that query, key and value of a layer are one tensor, stacked along dim 0 in that order:
  /// encoder.layer.N.attention.self.qkv.weight [3H, H] and .bias [3H]. In the order of the network.
  std::vector<NamedTensor> parameters() const;

  std::int64_t num_parameters() const;

  /// @param batch   T tokens; ids below vocab_size, positions below max_position_embeddings
  /// @param dropout masks of a training pass; nullopt: no dropout
  /// @return        [T, H] the last layer's hidden states, with a gradient if grad mode is on
  /// @throws Error(kInternal) if an id or a position is out of range
  Tensor forward(const PackedBatch& batch, const std::optional<DropoutKey>& dropout) const;

 private:
  struct State;
  explicit BertEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sbert
