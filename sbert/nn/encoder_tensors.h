#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/model/weights.h"
#include "sbert/nn/fused_parameters.h"

namespace sbert {

/// Copies an encoder's weights into its tensors: float32, on all cores, each weight's pages read
/// once.
/// @param weights in the order of parameters.parameters, of any floating-point type
/// @return        in the order of parameters.tensors
/// @throws Error(kInternal) if the weights are not those
std::vector<at::Tensor> encoder_tensors(const Weights& weights,
                                        const FusedParameters& parameters,
                                        const c10::Device& device);

/// The reverse: the parts of each tensor as float32 weights on the CPU, views where it is that.
/// @param tensors in the order of parameters.tensors, any floating-point type
Weights encoder_weights(const std::vector<at::Tensor>& tensors, const FusedParameters& parameters);

}  // namespace sbert
