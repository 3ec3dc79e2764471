#include "sbert/model/encoder_config.h"

#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

void EncoderConfig::validate() const {
  const auto check = [](const char* key, std::int64_t value, std::int64_t most) {
    if (value < 1 || value > most) {
      fail(ErrorKind::kInput, concat(key, " must be from 1 to ", most, ": ", value));
    }
  };
  check("vocab_size", vocab_size, 10'000'000);
  check("hidden_size", hidden_size, 65'536);
  check("num_layers", num_layers, 1'000);
  check("num_attention_heads", num_attention_heads, 1'024);
  check("ffn_hidden_size", ffn_hidden_size, 1 << 20);
  check("max_position_embeddings", max_position_embeddings, 1 << 20);
  check("type_vocab_size", type_vocab_size, 1'024);
  if (hidden_size % num_attention_heads != 0) {
    fail(ErrorKind::kInput, concat("hidden_size must be a multiple of num_attention_heads: ",
                                   hidden_size, " and ", num_attention_heads));
  }
  if (!(layernorm_epsilon > 0 && layernorm_epsilon < 1)) {
    fail(ErrorKind::kInput, concat("layernorm_epsilon must be in (0, 1): ", layernorm_epsilon));
  }
  for (const auto& [key, rate] :
       {std::pair{"hidden_dropout", hidden_dropout}, {"attention_dropout", attention_dropout}}) {
    if (!(rate >= 0 && rate < 1)) {
      fail(ErrorKind::kInput, concat(key, " must be in [0, 1): ", rate));
    }
  }
}

}  // namespace sbert
