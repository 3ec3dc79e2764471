#include "sbert/model/kernels/cpu/kernels.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

// Each in its own compilation of kernel_variant.cpp.
Kernels<float> generic_kernels();
Kernels<double> generic_double_kernels();
#if defined(__x86_64__)
Kernels<float> avx2_kernels();
Kernels<float> avx512_kernels();
#endif

namespace {

struct Variant {
  std::string_view name;
  bool is_supported;
  Kernels<float> (*table)();
};

Kernels<float> choose() {
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f");
  const Variant variants[] = {{"avx512", has_avx512, avx512_kernels},
                              {"avx2", has_avx2, avx2_kernels},
                              {"generic", true, generic_kernels}};
#else
  const Variant variants[] = {{"generic", true, generic_kernels}};
#endif
  const char* wanted = std::getenv("SBERT_CPU");
  std::string known;
  for (const Variant& variant : variants) {
    if (!variant.is_supported) continue;
    if (wanted == nullptr || variant.name == wanted) return variant.table();
    known += concat(known.empty() ? "" : ", ", variant.name);
  }
  fail(ErrorKind::kUsage, concat("SBERT_CPU must be one of ", known, ": ", wanted));
}

}  // namespace

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> table = choose();
  return table;
}

template <>
const Kernels<double>& kernels<double>() {
  static const Kernels<double> table = generic_double_kernels();
  return table;
}

}  // namespace sbert
