#include "sbert/nn/device.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <variant>

#include <dlfcn.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr const char* kDriverLibrary = "libcuda.so.1";
constexpr const char* kTorchLibrary = "libtorch_cuda.so";
constexpr int kAmpere = 8;  // the first with bfloat16, by compute capability

std::string loader_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

// The few functions of NVIDIA's driver that tell what GPUs there are. The driver is asked, not
// torch, so that a machine without a GPU never loads torch's half for them.
class Driver {
 public:
  /// What is wrong if there is no driver that works.
  static const std::variant<Driver, std::string>& instance() {
    static const std::variant<Driver, std::string> kFound = load();
    return kFound;
  }

  int num_devices() const {
    int count = 0;
    return count_(&count) == 0 ? count : 0;
  }

  std::string name(int index) const {
    char text[256] = {};
    return name_(text, sizeof text, index) == 0 ? text : "unknown GPU";
  }

  int major_capability(int index) const {
    constexpr int kMajorCapability = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    int value = 0;
    return attribute_(&value, kMajorCapability, index) == 0 ? value : 0;
  }

 private:
  static std::variant<Driver, std::string> load() {
    void* library = ::dlopen(kDriverLibrary, RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) return concat("no NVIDIA driver: ", loader_error());
    Driver driver;
    int (*start)(unsigned) = nullptr;
    const auto find = [&](const char* name, auto& function) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
      return function != nullptr;
    };
    if (!find("cuInit", start) || !find("cuDeviceGetCount", driver.count_) ||
        !find("cuDeviceGetName", driver.name_) ||
        !find("cuDeviceGetAttribute", driver.attribute_)) {
      return concat(kDriverLibrary, " lacks a function: ", loader_error());
    }
    const int error = start(0);
    if (error != 0) return concat("the NVIDIA driver does not start (cuInit: ", error, ")");
    return driver;
  }

  int (*count_)(int*) = nullptr;
  int (*name_)(char*, int, int) = nullptr;
  int (*attribute_)(int*, int, int) = nullptr;
};

const Driver* driver() {
  return std::get_if<Driver>(&Driver::instance());
}

// What keeps the GPU from being used.
std::optional<std::string> obstacle(int index) {
  if (driver() == nullptr) return std::get<std::string>(Driver::instance());
  const int count = driver()->num_devices();
  if (index >= count) return concat("the driver shows ", count, " GPUs");
  if (::dlopen(kTorchLibrary, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return concat(driver()->name(index),
                  " is there, but not torch's half for GPUs: ", loader_error());
  }
  if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() <= index) {
    return concat(driver()->name(index),
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
  return concat(device.str(), " (", driver()->name(device.index()), ")");
}

bool gpu_supports_bfloat16(const c10::Device& device) {
  return driver()->major_capability(device.index()) >= kAmpere;
}

}  // namespace sbert
