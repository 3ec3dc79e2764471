#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sbert {

/// Values as a tensor of a device, [n]. To a GPU they go through page-locked memory: the copy takes
/// its place in the GPU's work, and the caller does not wait for it.
at::Tensor on_device(const std::vector<std::int32_t>& values, const c10::Device& device);
at::Tensor on_device(const std::vector<std::int64_t>& values, const c10::Device& device);
at::Tensor on_device(const std::vector<double>& values, const c10::Device& device);

}  // namespace sbert
