#include "sbert/kernels/inference_kernels.h"

namespace sbert {

// Each in its own compilation of inference_variant.cpp.
InferenceKernels generic_inference_kernels();
#if defined(__x86_64__)
InferenceKernels avx2_inference_kernels();
InferenceKernels avx512_inference_kernels();
InferenceKernels avx512vnni_inference_kernels();
InferenceKernels amx_inference_kernels();
#endif

namespace {

InferenceKernels table_of([[maybe_unused]] CpuVariant variant) {
#if defined(__x86_64__)
  switch (variant) {
    case CpuVariant::kGeneric:
      return generic_inference_kernels();
    case CpuVariant::kAvx2:
      return avx2_inference_kernels();
    case CpuVariant::kAvx512:
      return avx512_inference_kernels();
    case CpuVariant::kAvx512Vnni:
      return avx512vnni_inference_kernels();
    case CpuVariant::kAmx:
      return amx_inference_kernels();
  }
#endif
  return generic_inference_kernels();
}

}  // namespace

InferenceKernels inference_kernels_of(CpuVariant variant) {
  InferenceKernels table = table_of(variant);
  table.shared = kernels_of<float>(variant);
  return table;
}

const InferenceKernels& inference_kernels() {
  static const InferenceKernels kTable = inference_kernels_of(chosen_cpu_variant());
  return kTable;
}

}  // namespace sbert
