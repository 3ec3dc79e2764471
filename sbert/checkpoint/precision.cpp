#include "sbert/checkpoint/precision.h"

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/encoder_weights.h"

namespace sbert {
namespace {

at::ScalarType scalar_type(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::k16:
      return at::kHalf;
    case Precision::k32:
      break;
  }
  return at::kFloat;
}

}  // namespace

std::string_view type_name(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return "bfloat16";
    case Precision::k16:
      return "float16";
    case Precision::k32:
      break;
  }
  return "float32";
}

NamedTensors in_precision(NamedTensors tensors, Precision precision) {
  if (precision == Precision::k32) return tensors;
  std::vector<std::string> too_large;
  for (NamedTensor& each : tensors) {
    const at::Tensor rounded = each.tensor.to(scalar_type(precision));
    const bool overflows =
        at::ne(at::isfinite(rounded), at::isfinite(each.tensor)).any().item<bool>();
    if (overflows) too_large.push_back(each.name);
    each.tensor = rounded;
  }
  if (!too_large.empty()) {
    fail(ErrorKind::kInput, concat("weights are too large for ", type_name(precision),
                                   ", use bf16 or 32: ", joined(too_large)));
  }
  return tensors;
}

}  // namespace sbert
