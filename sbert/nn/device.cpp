#include "sbert/nn/device.h"

#include <charconv>
#include <optional>
#include <string_view>

#include <dlfcn.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/gpu_driver.h"

namespace sbert {
namespace {

constexpr const char* kTorchLibrary = "libtorch_cuda.so";
constexpr int kAmpere = 8;  // the first with bfloat16, by compute capability

std::string loader_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

// What keeps the GPU from being used.
std::optional<std::string> obstacle(int index) {
  const GpuDriver* driver = GpuDriver::instance();
  if (driver == nullptr) return GpuDriver::problem();
  const int count = driver->num_devices();
  if (index >= count) return concat("the driver shows ", count, " GPUs");
  if (::dlopen(kTorchLibrary, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return concat(driver->name(index),
                  " is there, but not torch's half for GPUs: ", loader_error());
  }
  if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() <= index) {
    return concat(driver->name(index),
                  " is there, but torch cannot use it: ", at::detail::getCUDAHooks().showConfig());
  }
  return std::nullopt;
}

int gpu_index(const std::string& wanted, int local_rank) {
  constexpr std::string_view kPrefix = "cuda:";
  if (wanted == "cuda" || wanted == "gpu" || wanted == "auto") return local_rank;
  int index = -1;
  if (wanted.starts_with(kPrefix)) {
    const char* begin = wanted.data() + kPrefix.size();
    const char* end = wanted.data() + wanted.size();
    if (std::from_chars(begin, end, index).ptr != end) index = -1;
  }
  if (index < 0) {
    fail(ErrorKind::kUsage, concat("a device is auto, cpu, cuda or cuda:N: ", wanted));
  }
  return index;
}

}  // namespace

c10::Device choose_device(const std::string& wanted, int local_rank) {
  if (wanted == "cpu") return c10::kCPU;
  const int index = gpu_index(wanted, local_rank);
  const std::optional<std::string> problem = obstacle(index);
  if (!problem) return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
  if (wanted == "auto") return c10::kCPU;
  fail(ErrorKind::kUsage, concat("no GPU can be used as ", wanted, ": ", *problem,
                                 ". Use cpu, or auto to take a GPU where there is one"));
}

std::string device_text(const c10::Device& device) {
  if (device.is_cpu()) return concat("the CPU, ", at::get_num_threads(), " threads");
  return concat(device.str(), " (", GpuDriver::instance()->name(device.index()), ")");
}

bool gpu_supports_bfloat16(const c10::Device& device) {
  return GpuDriver::instance()->major_capability(device.index()) >= kAmpere;
}

}  // namespace sbert
