#pragma once

#include <cstdint>

namespace sbert {

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

}  // namespace sbert
