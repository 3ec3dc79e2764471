#include "sbert/kernels/cpu_variant.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sbert {
namespace {

constexpr CpuVariant kBestFirst[] = {CpuVariant::kAmx, CpuVariant::kAvx512Vnni, CpuVariant::kAvx512,
                                     CpuVariant::kAvx2, CpuVariant::kGeneric};

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}

// Linux lets a process use the tiles only when it has asked (Documentation/arch/x86/xstate.rst).
bool ask_for_tiles() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  // Of CPUID 7.0 EDX: AMX-BF16, AMX-TILE, AMX-INT8.
  constexpr unsigned kNeeded = 1U << 22 | 1U << 24 | 1U << 25;
  constexpr int kRequestPermission = 0x1023;
  constexpr int kTileData = 18;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  if ((d & kNeeded) != kNeeded) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

CpuVariant choose() {
  const char* wanted = std::getenv("SBERT_CPU");
  std::string known;
  for (const CpuVariant variant : kBestFirst) {
    if (!supports(variant)) continue;
    const std::string_view name = cpu_variant_name(variant);
    if (wanted == nullptr || name == wanted) return variant;
    known += concat(known.empty() ? "" : ", ", name);
  }
  fail(ErrorKind::kUsage, concat("SBERT_CPU must be one of ", known, ": ", wanted));
}

}  // namespace

const char* cpu_variant_name(CpuVariant variant) {
  switch (variant) {
    case CpuVariant::kGeneric:
      return "generic";
    case CpuVariant::kAvx2:
      return "avx2";
    case CpuVariant::kAvx512:
      return "avx512";
    case CpuVariant::kAvx512Vnni:
      return "avx512vnni";
    case CpuVariant::kAmx:
      return "amx";
  }
  return "";
}

bool supports(CpuVariant variant) {
  if (variant == CpuVariant::kGeneric) return true;
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (variant) {
    case CpuVariant::kGeneric:
      return true;
    case CpuVariant::kAvx2:
      return has_avx2;
    case CpuVariant::kAvx512:
      return has_avx2 && has_avx512();
    case CpuVariant::kAvx512Vnni:
      return has_avx2 && has_avx512() && __builtin_cpu_supports("avx512vnni");
    case CpuVariant::kAmx: {
      static const bool kHasTiles =
          has_avx2 && has_avx512() && __builtin_cpu_supports("avx512vnni") && ask_for_tiles();
      return kHasTiles;
    }
  }
#endif
  return false;
}

CpuVariant chosen_cpu_variant() {
  static const CpuVariant kChosen = choose();
  return kChosen;
}

}  // namespace sbert
