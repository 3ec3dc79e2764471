#include "sbert/nn/zero_tensor.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

TEST(ZeroTensor, IsZeroWritableAndAlignedWhateverItsSize) {
  for (const std::int64_t rows : {1, 1'000, 30'000, 1'048'576, 1'300'001}) {
    Tensor zeros = zero_tensor({rows, 3});
    EXPECT_EQ(zeros.sizes(), at::IntArrayRef({rows, 3}));
    EXPECT_EQ(zeros.scalar_type(), at::kFloat);
    EXPECT_EQ(zeros.abs().max().item<float>(), 0);
    zeros.fill_(2);
    EXPECT_EQ(zeros.sum().item<double>(), 6.0 * static_cast<double>(rows));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(zeros.data_ptr()) % 64, 0U);
  }
}

}  // namespace
}  // namespace sbert
