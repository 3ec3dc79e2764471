#pragma once

#include <concepts>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/kernels/inference_kernels.h"

namespace sbert {

inline constexpr CpuVariant kCpuVariants[] = {CpuVariant::kGeneric, CpuVariant::kAvx2,
                                              CpuVariant::kAvx512, CpuVariant::kAvx512Vnni,
                                              CpuVariant::kAmx};

/// A test of the kernels of each instruction set that this processor has; the others are skipped.
class EachCpuVariant : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks it";
    kernels_ = inference_kernels_of(GetParam());
  }
  InferenceKernels kernels_{};
};

inline std::string name_of_variant(const testing::TestParamInfo<CpuVariant>& variant) {
  return cpu_variant_name(variant.param);
}

/// Uniform in [-1, 1).
template <typename Real = float>
std::vector<Real> random_values(std::integral auto count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<Real> value(-1, 1);
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (Real& each : values)
    each = value(random);
  return values;
}

}  // namespace sbert
