#include "sbert/kernels/kernels.h"

#include "sbert/kernels/cpu_variant.h"

namespace sbert {

// Each in its own compilation of kernel_variant.cpp.
Kernels<float> generic_kernels();
Kernels<double> generic_double_kernels();
#if defined(__x86_64__)
Kernels<float> avx2_kernels();
Kernels<float> avx512_kernels();
#endif

namespace {

Kernels<float> kernels_of(CpuVariant variant) {
#if defined(__x86_64__)
  if (variant >= CpuVariant::kAvx512) return avx512_kernels();
  if (variant == CpuVariant::kAvx2) return avx2_kernels();
#endif
  return generic_kernels();
}

}  // namespace

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> kTable = kernels_of(chosen_cpu_variant());
  return kTable;
}

template <>
const Kernels<double>& kernels<double>() {
  static const Kernels<double> kTable = generic_double_kernels();
  return kTable;
}

}  // namespace sbert
