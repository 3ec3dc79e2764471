#include "sbert/checkpoint/precision.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/name_lists.h"

namespace sbert {
namespace {

constexpr std::int64_t kChunk = 4'096;

ElementType element_type(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return ElementType::kBFloat16;
    case Precision::k16:
      return ElementType::kFloat16;
    case Precision::k32:
      break;
  }
  return ElementType::kFloat32;
}

struct Rounded {
  Weight weight;
  bool overflows = false;  // a finite value is infinite in the type
};

Rounded rounded_to_16_bits(const Weight& weight, ElementType type) {
  const bool is_float16 = type == ElementType::kFloat16;
  WeightBuffer buffer(weight.name, type, weight.shape);
  auto* to = reinterpret_cast<std::uint16_t*>(buffer.bytes());
  bool overflows = false;
  std::array<float, kChunk> values{};
  for (std::int64_t begin = 0; begin < weight.num_elements(); begin += kChunk) {
    const std::int64_t count = std::min(kChunk, weight.num_elements() - begin);
    read_floats(weight, begin, count, values.data());
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = values[static_cast<std::size_t>(i)];
      const std::uint16_t bits = is_float16 ? to_float16_bits(value) : to_bfloat16_bits(value);
      const float again = is_float16 ? from_float16_bits(bits) : from_bfloat16_bits(bits);
      overflows = overflows || (std::isfinite(value) && !std::isfinite(again));
      to[begin + i] = bits;
    }
  }
  return {std::move(buffer).take(), overflows};
}

}  // namespace

std::string_view type_name(Precision precision) {
  return element_type_name(element_type(precision));
}

Weights in_precision(Weights weights, Precision precision) {
  const ElementType type = element_type(precision);
  std::vector<std::string> too_large;
  for (Weight& each : weights) {
    if (each.type == type) continue;
    if (precision == Precision::k32) {
      each = to_float32(each);
      continue;
    }
    Rounded rounded = rounded_to_16_bits(each, type);
    if (rounded.overflows) too_large.push_back(each.name);
    each = std::move(rounded.weight);
  }
  if (!too_large.empty()) {
    fail(ErrorKind::kInput, concat("weights are too large for ", type_name(precision),
                                   ", use bf16 or 32: ", joined(too_large)));
  }
  return weights;
}

}  // namespace sbert
