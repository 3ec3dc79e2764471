#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sbert/model/parameter_specs.h"

namespace sbert {

/// A tensor of a TorchEncoder: a parameter of its spec, or several of them stacked along dim 0.
struct FusedParameter {
  ParameterSpec tensor;            ///< its name and shape; role, layer and bias of the first part
  std::vector<std::size_t> parts;  ///< places in FusedParameters::parameters, from the top
};

/// The parameters of an encoder and the tensors that a TorchEncoder has them in: each in one of its
/// own, except that query, key and value of a layer are one tensor in that order, under the name
/// encoder.layer.N.attention.self.qkv.weight.
struct FusedParameters {
  std::vector<ParameterSpec> parameters;  ///< parameter_specs()
  std::vector<FusedParameter> tensors;    ///< in the order of the network
};

FusedParameters fused_parameters(const EncoderSpec& spec);

}  // namespace sbert
