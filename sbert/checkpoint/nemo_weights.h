#pragma once

#include <cstdint>

#include "sbert/nn/named_tensor.h"

namespace sbert {

/// How NeMo names and lays out the weights. The fused rows of kBlocks are all queries, all keys,
/// all values; those of the others are the query, key and value of head 0, then of head 1, and so
/// on.
enum class NemoForm {
  kBlocks,       ///< model.language_model.*, megatron_legacy: true. NeMo 1.23 and before
  kInterleaved,  ///< model.language_model.*, megatron_legacy: false
  kMegatronCore  ///< the names of Megatron Core, interleaved. NeMo 2.0 and later
};

/// How the weights of a NeMo archive lie.
struct NemoLayout {
  std::int64_t vocab_size = 0;       ///< word embeddings beyond these rows are padding
  std::int64_t type_vocab_size = 0;  ///< likewise for token types; 0: as many as there are
  std::int64_t num_attention_heads = 1;
  /// Megatron Core's names are interleaved whatever this says.
  bool megatron_legacy = true;
};

/// The encoder's tensors under NeMo's names.
/// NeMo loads strictly and wants more than an embedding needs, so this adds rows of zeros to the
/// vocabulary up to a multiple of `vocab_multiple`, rows of zeros up to 2 token types, and a pooler
/// of zeros; from_nemo() takes all of these away again.
/// @param parameters BertEncoder::parameters()
NamedTensors to_nemo(const NamedTensors& parameters,
                     NemoForm form,
                     std::int64_t num_attention_heads,
                     std::int64_t vocab_multiple);

/// The tensors of a NeMo archive under the encoder's names, without the padding; all the names that
/// NeMo's releases 1 and 2 gave them are known. What an embedding does not need (pooler, heads,
/// _extra_state) is left out, which is logged.
/// @throws Error(kInput) if query, key and value cannot be split into heads, or if there is no
/// encoder
NamedTensors from_nemo(NamedTensors tensors, const NemoLayout& layout);

}  // namespace sbert
