#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/model/parameter_specs.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {

/// A tensor that an encoder is trained by, and what it is for. Query, key and value of a layer are
/// one tensor, stacked along dim 0 in that order, with the role kQuery and the name
/// encoder.layer.N.attention.self.qkv.weight. An adapter's matrix has the role of what it is added
/// to.
struct EncoderParameter {
  std::string name;
  at::Tensor tensor;
  ParameterRole role = ParameterRole::kWordEmbedding;
  std::optional<std::int64_t> layer;
  bool is_bias = false;
};

using EncoderParameters = std::vector<EncoderParameter>;

/// The tensors and their names alone. Not copies.
NamedTensors named_tensors(const EncoderParameters& parameters);

}  // namespace sbert
