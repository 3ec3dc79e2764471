#pragma once

#include "sbert/model/encoder_spec.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// The activation of each element, with a gradient.
Tensor activate(Activation activation, const Tensor& x);

}  // namespace sbert
