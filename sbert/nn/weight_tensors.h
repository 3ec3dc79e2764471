#pragma once

#include <string>

#include "sbert/model/weights.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// A tensor over the weight's bytes, for reading only; keeps them alive.
Tensor tensor_of(const Weight& weight);

/// A weight over a CPU tensor's elements, copied first where they do not lie row after row. It
/// keeps the tensor's memory alive, and changes with it.
/// @throws Error(kInternal) for a type that no checkpoint holds
Weight weight_of(std::string name, const Tensor& tensor);

}  // namespace sbert
