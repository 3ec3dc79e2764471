#pragma once

#include <string_view>

#include "sbert/nn/named_tensor.h"

namespace sbert {

/// The floating type that weights are written in.
enum class Precision { k32, kBf16, k16 };

/// The name that torch and Hugging Face have for it: "float32", "bfloat16", "float16".
std::string_view type_name(Precision precision);

/// float32 tensors in this type, each value rounded to the nearest; float32 itself copies nothing.
/// @throws Error(kInput) naming the tensors with values that are finite, but not in this type
NamedTensors in_precision(NamedTensors tensors, Precision precision);

}  // namespace sbert
