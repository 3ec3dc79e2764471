#pragma once

#include <array>
#include <string_view>

#include "sbert/base/enum_names.h"
#include "sbert/model/weights.h"

namespace sbert {

/// The floating type that weights are written in.
enum class Precision { k32, kBf16, k16 };
constexpr auto enum_names(Precision) {
  return std::to_array<EnumName<Precision>>(
      {{"32", Precision::k32}, {"bf16", Precision::kBf16}, {"16", Precision::k16}});
}

/// The name that torch and Hugging Face have for it: "float32", "bfloat16", "float16".
std::string_view type_name(Precision precision);

/// Weights in this type, each value rounded to the nearest; those that are of it already are not
/// copied.
/// @throws Error(kInput) naming the weights with values that are finite, but not in this type
Weights in_precision(Weights weights, Precision precision);

}  // namespace sbert
