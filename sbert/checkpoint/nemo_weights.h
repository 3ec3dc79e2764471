#pragma once

#include <cstdint>

#include "sbert/base/named_tensor.h"

namespace sbert {

/// How the weights of a NeMo archive lie.
struct NemoLayout {
  std::int64_t vocab_size = 0;       ///< word embeddings beyond these rows are padding
  std::int64_t type_vocab_size = 0;  ///< likewise for token types; 0: as many as there are
  std::int64_t num_attention_heads = 1;
  /// megatron_legacy: the fused rows are all queries, all keys, all values. Else they are the
  /// query, key and value of head 0, then of head 1, and so on.
  bool megatron_legacy = true;
};

/// The encoder's tensors under NeMo's names (model.language_model.*), in the legacy layout.
/// NeMo loads strictly and wants more than an embedding needs, so this adds rows of zeros to the
/// vocabulary up to a multiple of `vocab_multiple`, rows of zeros up to 2 token types, and a pooler
/// of zeros; from_nemo() takes all of these away again.
/// @param parameters BertEncoder::parameters()
NamedTensors to_nemo(const NamedTensors& parameters, std::int64_t vocab_multiple);

/// The tensors of a NeMo archive under the encoder's names, without the padding. What an embedding
/// does not need (pooler, heads) is left out, which is logged.
/// @throws Error(kInput) if query_key_value cannot be split into heads, or if there is no encoder
NamedTensors from_nemo(NamedTensors tensors, const NemoLayout& layout);

}  // namespace sbert
