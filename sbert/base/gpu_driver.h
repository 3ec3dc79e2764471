#pragma once

#include <string>

namespace sbert {

/// The few functions of NVIDIA's driver that tell what GPUs there are. The driver is asked, not
/// torch: a program without torch can ask it, and a machine without a GPU never loads torch's half
/// for them. Of the GPUs that CUDA_VISIBLE_DEVICES hides it does not know.
class GpuDriver {
 public:
  /// The driver, loaded and started by the first call; null if there is none that works. Where none
  /// is installed that takes no time.
  static const GpuDriver* instance();
  /// Why instance() is null: "no NVIDIA driver: ...".
  static const std::string& problem();

  int num_devices() const;
  std::string name(int index) const;
  /// The first number of the compute capability; 0 if it is unknown.
  int major_capability(int index) const;

 private:
  struct Loaded;
  static const Loaded& loaded();
  /// @return what is wrong; empty: nothing
  std::string load();

  int (*count_)(int*) = nullptr;
  int (*name_)(char*, int, int) = nullptr;
  int (*attribute_)(int*, int, int) = nullptr;
};

}  // namespace sbert
