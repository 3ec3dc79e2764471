#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace sbert {

/// A tensor and its name in a checkpoint.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

using NamedTensors = std::vector<NamedTensor>;

}  // namespace sbert
