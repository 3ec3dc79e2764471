#include "sbert/base/gpu_driver.h"

#include <type_traits>

#include <dlfcn.h>

#include "sbert/base/concat.h"

namespace sbert {
namespace {

constexpr const char* kDriverLibrary = "libcuda.so.1";

std::string loader_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

}  // namespace

struct GpuDriver::Loaded {
  GpuDriver driver;
  std::string problem;
};

const GpuDriver::Loaded& GpuDriver::loaded() {
  static const Loaded kLoaded = [] {
    Loaded result;
    result.problem = result.driver.load();
    return result;
  }();
  return kLoaded;
}

const GpuDriver* GpuDriver::instance() {
  return loaded().problem.empty() ? &loaded().driver : nullptr;
}

const std::string& GpuDriver::problem() {
  return loaded().problem;
}

std::string GpuDriver::load() {
  void* library = ::dlopen(kDriverLibrary, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return concat("no NVIDIA driver: ", loader_error());
  int (*start)(unsigned) = nullptr;
  const auto find = [&](const char* symbol, auto& function) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, symbol));
    return function != nullptr;
  };
  if (!find("cuInit", start) || !find("cuDeviceGetCount", count_) ||
      !find("cuDeviceGetName", name_) || !find("cuDeviceGetAttribute", attribute_)) {
    return concat(kDriverLibrary, " lacks a function: ", loader_error());
  }
  const int error = start(0);
  if (error != 0) return concat("the NVIDIA driver does not start (cuInit: ", error, ")");
  return "";
}

int GpuDriver::num_devices() const {
  int count = 0;
  return count_(&count) == 0 ? count : 0;
}

std::string GpuDriver::name(int index) const {
  char text[256] = {};
  return name_(text, sizeof text, index) == 0 ? text : "unknown GPU";
}

int GpuDriver::major_capability(int index) const {
  constexpr int kMajorCapability = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  int value = 0;
  return attribute_(&value, kMajorCapability, index) == 0 ? value : 0;
}

}  // namespace sbert
