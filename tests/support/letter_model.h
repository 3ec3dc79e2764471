#pragma once

#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/named_tensor.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

/// A small model of random weights that reads the letters a to z, one token a letter that stands
/// alone. The same one each time.
inline SentenceModel letter_model() {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char c = 'a'; c <= 'z'; ++c)
    vocabulary += std::string(1, c) + "\n";
  SentenceModel model{Tokenizer(TokenizerFiles{{"vocab.txt", vocabulary}}),
                      BertEncoder({.vocab_size = 31,
                                   .hidden_size = 32,
                                   .num_layers = 2,
                                   .num_attention_heads = 4,
                                   .ffn_hidden_size = 64,
                                   .max_position_embeddings = 64})};
  model.max_seq_length = 64;
  at::manual_seed(0);
  for (const NamedTensor& parameter : model.encoder.parameters()) {
    parameter.tensor.normal_(0, 0.3);
    if (parameter.name.ends_with("LayerNorm.weight")) parameter.tensor.add_(1);
  }
  return model;
}

}  // namespace sbert
