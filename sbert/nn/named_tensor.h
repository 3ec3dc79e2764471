#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sbert {

/// A tensor and its name in a checkpoint.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

using NamedTensors = std::vector<NamedTensor>;

}  // namespace sbert
