#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/model/encoder_spec.h"

namespace sbert {

/// What a parameter is for.
enum class ParameterRole {
  kWordEmbedding,          ///< [V, E]
  kPositionEmbedding,      ///< [positions, E]
  kTypeEmbedding,          ///< [types, E]
  kEmbeddingNorm,          ///< [E]
  kEmbeddingProjection,    ///< [H, E], where E, the width of the tables, is not H
  kPositionBias,           ///< [buckets, A], of all layers
  kQuery,                  ///< [A * D, H]
  kKey,                    ///< [key heads * D, H]
  kValue,                  ///< [key heads * D, H]
  kQueryNorm,              ///< [D] or [A * D]
  kKeyNorm,                ///< [D] or [key heads * D]
  kAttentionOutput,        ///< [H, A * D]
  kAttentionNorm,          ///< [H] after the attention (kPost), or before it
  kAttentionOutputNorm,    ///< [H] after the attention (kSandwich)
  kRouter,                 ///< [experts, H]
  kGate,                   ///< [F, H], or [experts * F, H]
  kUp,                     ///< [F, H], or [experts * F, H]
  kDown,                   ///< [H, F], or [experts * F, H]: transposed, as its checkpoints have it
  kFeedForwardNorm,        ///< [H] after the feed-forward network (kPost), or before it
  kFeedForwardOutputNorm,  ///< [H] after the feed-forward network (kSandwich)
  kFinalNorm,              ///< [H]
};

/// Whether it is a norm's weight or bias: not decayed, not quantized.
bool is_norm(ParameterRole role);
/// Whether it is of what comes before the layers: tables, their norm and projection.
bool is_of_embeddings(ParameterRole role);

/// A parameter of an encoder: a weight matrix, a norm's weight, or a bias.
struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  ParameterRole role = ParameterRole::kWordEmbedding;
  std::optional<std::int64_t> layer;  ///< from 0; nullopt outside the layers
  bool is_bias = false;
};

/// The one list of an encoder's parameters, in the order of the network; a bias follows its weight.
/// Names are those of Hugging Face's BERT, and for what BERT lacks of the same kind
/// ("encoder.layer.3.intermediate.gate.weight"). Other names are translated where a checkpoint is
/// read or written (checkpoint/families).
/// @param spec passed validate()
std::vector<ParameterSpec> parameter_specs(const EncoderSpec& spec);

/// The sum of the parameters' elements, in double, since sizes that validate() allows overflow.
double num_parameters(const EncoderSpec& spec);

/// Finds parameters by what they are for.
class ParameterIndex {
 public:
  explicit ParameterIndex(const std::vector<ParameterSpec>& specs);

  /// The place in the list; nullopt if the encoder has no such parameter.
  std::optional<std::size_t> find(ParameterRole role,
                                  std::optional<std::int64_t> layer = std::nullopt,
                                  bool is_bias = false) const;
  /// @throws Error(kInternal) if the encoder has no such parameter
  std::size_t at(ParameterRole role,
                 std::optional<std::int64_t> layer = std::nullopt,
                 bool is_bias = false) const;

 private:
  std::map<std::tuple<ParameterRole, std::int64_t, bool>, std::size_t> places_;
};

}  // namespace sbert
