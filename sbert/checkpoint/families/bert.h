#pragma once

#include <cstdint>

#include "sbert/checkpoint/families/family.h"
#include "sbert/model/encoder_spec.h"

namespace sbert {

/// The sizes of a BERT encoder (Devlin et al., 2019). Defaults: bert-base.
struct BertSizes {
  std::int64_t vocab_size = 30'522;
  std::int64_t hidden_size = 768;
  std::int64_t num_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t ffn_hidden_size = 3'072;
  std::int64_t max_position_embeddings = 512;
  std::int64_t type_vocab_size = 2;
  double layernorm_epsilon = 1e-12;
  Activation activation = Activation::kGelu;
  DropoutRates dropout{};

  /// @throws Error(kInput) naming the member that is out of range, before any memory is taken for
  /// it
  void validate() const;
};

/// @param sizes passed validate()
EncoderSpec bert_spec(const BertSizes& sizes);

/// The reverse.
/// @throws Error(kInput) naming the field that BERT does not have
BertSizes bert_sizes(const EncoderSpec& spec);

extern const EncoderFamily kBertFamily;

}  // namespace sbert
