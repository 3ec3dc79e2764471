#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/base/field.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

struct FusedParameters;
struct Linear;
struct TransformerLayer;

/// Low-rank adaptation (Hu et al., 2021): the weight W of a target becomes
/// W + (alpha / rank) B A with trained A and B, W itself is frozen. Defaults are PEFT's.
struct LoraOptions {
  std::int64_t rank = 8;
  double alpha = 8;
  double dropout = 0;
  std::vector<std::string> targets{"query", "value"};

  static constexpr auto fields() {
    using Self = LoraOptions;
    return std::tuple{
        field("rank", &Self::rank, "width of the low-rank product"),
        field("alpha", &Self::alpha, "the product is scaled by alpha / rank"),
        field("dropout", &Self::dropout, "dropout of the adapters' input"),
        field("targets", &Self::targets,
              "of query, key, value, attention_output, intermediate, output"),
    };
  }

  /// @throws Error(kUsage) naming the key that is out of range
  void validate() const;
};

/// Gives a layer its adapters: A drawn from `seed` as PEFT draws it (Kaiming-uniform with
/// a = sqrt(5), that is uniform within 1 / sqrt(in)), B zero, so that the layer still does the
/// same.
/// @param number     of the layer
/// @param parameters of the encoder
/// @param options    passed validate()
void add_lora(TransformerLayer& layer,
              std::int64_t number,
              const FusedParameters& parameters,
              const LoraOptions& options,
              std::uint64_t seed);

/// The weight with the adapters added; the weight itself if there are none.
Tensor merged_weight(const Linear& linear);

}  // namespace sbert
