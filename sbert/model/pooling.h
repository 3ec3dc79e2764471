#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

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

/// Pools token vectors into one vector a sequence, on the calling thread. Tokens are added in their
/// order, so the vector does not depend on the batch.
///
/// @param tokens [T, H] hidden states
/// @param width  H
/// @param batch  whose cu_seqlens [B + 1] bound the sequences
/// @param to     [B, H]; not normalized
void pool(
    Pooling pooling, const float* tokens, std::int64_t width, const PackedBatch& batch, float* to);

}  // namespace sbert
