#include "sbert/nn/on_device.h"

#include <cstring>

#include <ATen/ATen.h>

namespace sbert {
namespace {

template <typename Value>
at::Tensor copied(const std::vector<Value>& values, at::ScalarType type, c10::Device device) {
  at::Tensor here = at::empty({static_cast<std::int64_t>(values.size())},
                              at::TensorOptions(type).pinned_memory(device.is_cuda()));
  if (!values.empty()) std::memcpy(here.data_ptr(), values.data(), values.size() * sizeof(Value));
  return device.is_cpu() ? here : here.to(device, /*non_blocking=*/true);
}

}  // namespace

at::Tensor on_device(const std::vector<std::int32_t>& values, const c10::Device& device) {
  return copied(values, at::kInt, device);
}
at::Tensor on_device(const std::vector<std::int64_t>& values, const c10::Device& device) {
  return copied(values, at::kLong, device);
}
at::Tensor on_device(const std::vector<double>& values, const c10::Device& device) {
  return copied(values, at::kDouble, device);
}

}  // namespace sbert
