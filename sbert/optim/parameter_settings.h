#pragma once

#include <cstdint>
#include <vector>

#include "sbert/nn/encoder_parameter.h"

namespace sbert {

/// How one parameter is trained.
struct ParameterSetting {
  double lr_scale = 1;     ///< times the learning rate of the step
  bool is_decayed = true;  ///< by the optimizer's weight decay

  bool operator==(const ParameterSetting&) const = default;
};

/// One setting a parameter, in their order: learning rates as they are, no decay of biases and
/// of norms, as in NeMo.
std::vector<ParameterSetting> parameter_settings(const EncoderParameters& parameters);

/// Layer-wise learning rates (Bao et al., BEiT, 2022; Clark et al., ELECTRA, 2020): one factor a
/// parameter, in their order. decay^(num_layers - l) for layer l, decay^(num_layers + 1) for the
/// embeddings, 1 for what is of no layer.
///
/// @param decay in (0, 1]; 1: all train at the same rate
/// @throws Error(kUsage) if decay is out of range
std::vector<double> layer_learning_rates(const EncoderParameters& parameters,
                                         std::int64_t num_layers,
                                         double decay);

}  // namespace sbert
