#include "sbert/kernels/kernels.h"

namespace sbert {

// Each in its own compilation of kernel_variant.cpp.
Kernels<float> generic_kernels();
Kernels<double> generic_double_kernels();
#if defined(__x86_64__)
Kernels<float> avx2_kernels();
Kernels<float> avx512_kernels();
#endif

template <>
Kernels<float> kernels_of([[maybe_unused]] CpuVariant variant) {
#if defined(__x86_64__)
  if (variant >= CpuVariant::kAvx512) return avx512_kernels();
  if (variant == CpuVariant::kAvx2) return avx2_kernels();
#endif
  return generic_kernels();
}

template <>
Kernels<double> kernels_of(CpuVariant /*variant*/) {
  return generic_double_kernels();
}

template <typename Real>
const Kernels<Real>& kernels() {
  static const Kernels<Real> kTable = kernels_of<Real>(chosen_cpu_variant());
  return kTable;
}

template const Kernels<float>& kernels();
template const Kernels<double>& kernels();

}  // namespace sbert
