#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sbert/model/encoder_spec.h"
#include "sbert/nn/compute_precision.h"
#include "sbert/nn/lora.h"

namespace sbert {

/// How an encoder is trained, as far as it is not the model's: never written into a model.
struct TrainingRecipe {
  DropoutRates dropout{0, 0};
  /// Whether training passes keep only each layer's input, and do the layer again in the backward
  /// pass: less memory, bit-identical gradients, a third more work.
  bool recomputes = false;
  ComputePrecision precision = ComputePrecision::kFloat32;
  std::string frozen_parts;         ///< "embeddings,layers.0-3"; empty: nothing is frozen
  std::optional<LoraOptions> lora;  ///< adapters; then all other parameters are frozen
  std::uint64_t lora_seed = 0;      ///< the same seed draws the same adapters
};

}  // namespace sbert
