#pragma once

#include <string>

#include "sbert/model/text_model.h"
#include "tests/support/small_encoder.h"

namespace sbert {

/// A small model of random weights that reads the letters a to z, one token a letter that stands
/// alone. The same one each time.
inline TextModel letter_model() {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char c = 'a'; c <= 'z'; ++c)
    vocabulary += std::string(1, c) + "\n";
  const EncoderSpec spec = small_spec({.vocab_size = 31,
                                       .width = 32,
                                       .num_layers = 2,
                                       .num_heads = 4,
                                       .feed_forward_width = 64,
                                       .num_positions = 64});
  return {.tokenizer = Tokenizer(TokenizerFiles{{"vocab.txt", vocabulary}}),
          .encoder = spec,
          .weights = random_weights(spec),
          .head = {},
          .card = {.prompts = {}, .default_prompt_name = {}, .max_length = 64}};
}

}  // namespace sbert
