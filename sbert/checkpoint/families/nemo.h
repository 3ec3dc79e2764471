#pragma once

#include <array>
#include <cstdint>

#include "sbert/base/enum_names.h"
#include "sbert/model/encoder_spec.h"
#include "sbert/model/weights.h"

namespace sbert {

/// How NeMo names and lays out the weights. The fused rows of kBlocks are all queries, all keys,
/// all values; those of the others are the query, key and value of head 0, then of head 1, and so
/// on.
enum class NemoForm {
  kBlocks,       ///< model.language_model.*, megatron_legacy: true. NeMo 1.23 and before
  kInterleaved,  ///< model.language_model.*, megatron_legacy: false
  kMegatronCore  ///< the names of Megatron Core, interleaved. NeMo 2.0 and later
};
constexpr auto enum_names(NemoForm) {
  return std::to_array<EnumName<NemoForm>>({{"blocks", NemoForm::kBlocks},
                                            {"interleaved", NemoForm::kInterleaved},
                                            {"mcore", NemoForm::kMegatronCore}});
}

/// How the weights of a NeMo archive lie.
struct NemoLayout {
  std::int64_t vocab_size = 0;       ///< word embeddings beyond these rows are padding
  std::int64_t type_vocab_size = 0;  ///< likewise for token types; 0: as many as there are
  std::int64_t num_attention_heads = 1;
  /// Megatron Core's names are interleaved whatever this says.
  bool megatron_legacy = true;
};

/// The encoder's weights under NeMo's names, query, key and value of a layer as one.
/// NeMo loads strictly and wants more than an embedding needs, so this adds rows of zeros to the
/// vocabulary up to a multiple of `vocab_multiple`, rows of zeros up to 2 token types, and a pooler
/// of zeros; from_nemo() takes all of these away again.
/// @param weights in the order of parameter_specs(spec)
/// @throws Error(kInternal) if NeMo has no name for a parameter of the spec
Weights to_nemo(const EncoderSpec& spec,
                const Weights& weights,
                NemoForm form,
                std::int64_t vocab_multiple);

/// The tensors of a NeMo archive under the names of parameter_specs(), without the padding; all the
/// names that NeMo's releases 1 and 2 gave them are known. What an embedding does not need (pooler,
/// heads, _extra_state) is left out, which is logged.
/// @throws Error(kInput) if query, key and value cannot be split into heads, or if there is no
///         encoder
Weights from_nemo(Weights tensors, const NemoLayout& layout);

/// The sizes that model_config.yaml does not say, or says by an interpolation: those of the tables.
/// 0 where a table is missing.
struct NemoTableSizes {
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  std::int64_t type_vocab_size = 0;
};

/// @param weights as from_nemo() gives them
NemoTableSizes nemo_table_sizes(const Weights& weights);

}  // namespace sbert
