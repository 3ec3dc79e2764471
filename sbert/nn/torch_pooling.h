#pragma once

#include <optional>
#include <string_view>

#include "sbert/nn/tensor_fwd.h"
#include "sbert/data/packed_batch.h"

namespace sbert {

/// How the vectors of a text's tokens become the vector of the text.
enum class Pooling {
  kMean,          ///< sum / number of tokens
  kCls,           ///< the first token
  kMax,           ///< the largest value of each dimension
  kMeanSqrtLen,   ///< sum / sqrt(number of tokens)
  kWeightedMean,  ///< token i, from 1, counts i times
  kLastToken,     ///< the last token
};

/// The name in a sentence-transformers 1_Pooling/config.json of 5.4 and later: "mean", "cls",
/// "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken".
std::string_view pooling_name(Pooling pooling);
std::optional<Pooling> pooling_from_name(std::string_view name);

/// Pools token vectors into one vector a sequence.
///
/// @param tokens [T, H] hidden states, any floating type
/// @param batch  whose cu_seqlens [B + 1] bound the sequences
/// @return       [B, H] in the type of `tokens`; not normalized
Tensor pool(Pooling pooling, const Tensor& tokens, const PackedBatch& batch);

}  // namespace sbert
