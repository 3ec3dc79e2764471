#include "sbert/nn/compute_precision.h"

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace sbert {
namespace {

#if defined(__aarch64__) && defined(__linux__)
// Bits of Linux's arch/arm64/include/uapi/asm/hwcap.h, which older C libraries do not name.
constexpr unsigned long kHasBFloat16 = 1UL << 14;  // of AT_HWCAP2
constexpr unsigned long kHasFloat16 = 1UL << 10;   // of AT_HWCAP: ASIMDHP
#endif

}  // namespace

std::string_view precision_name(ComputePrecision precision) {
  switch (precision) {
    case ComputePrecision::kFloat32:
      return "32";
    case ComputePrecision::kBFloat16:
      return "bf16";
    case ComputePrecision::kFloat16:
      return "16";
  }
  return "";
}

ComputePrecision precision_from_name(std::string_view name) {
  for (const auto precision :
       {ComputePrecision::kFloat32, ComputePrecision::kBFloat16, ComputePrecision::kFloat16}) {
    if (precision_name(precision) == name) return precision;
  }
  fail(ErrorKind::kUsage, concat("a precision is 32, bf16 or 16: ", name));
}

bool cpu_supports_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") || __builtin_cpu_supports("amx-bf16");
#elif defined(__aarch64__) && defined(__linux__)
  return (getauxval(AT_HWCAP2) & kHasBFloat16) != 0;
#else
  return false;
#endif
}

bool cpu_supports_float16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512fp16");
#elif defined(__aarch64__) && defined(__linux__)
  return (getauxval(AT_HWCAP) & kHasFloat16) != 0;
#else
  return false;
#endif
}

Tensor to_compute_type(const Tensor& x, ComputePrecision precision) {
  switch (precision) {
    case ComputePrecision::kFloat32:
      return x;
    case ComputePrecision::kBFloat16:
      return x.to(at::kBFloat16);
    case ComputePrecision::kFloat16:
      return x.to(at::kHalf);
  }
  return x;
}

}  // namespace sbert
