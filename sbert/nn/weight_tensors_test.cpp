#include "sbert/nn/weight_tensors.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

TEST(WeightTensors, EachTypeOfACheckpointIsTheSameBytesBothWays) {
  for (const auto& [type, torchs] :
       {std::pair{ElementType::kFloat64, at::kDouble}, std::pair{ElementType::kFloat32, at::kFloat},
        std::pair{ElementType::kFloat16, at::kHalf},
        std::pair{ElementType::kBFloat16, at::kBFloat16}, std::pair{ElementType::kInt64, at::kLong},
        std::pair{ElementType::kInt32, at::kInt}, std::pair{ElementType::kInt16, at::kShort},
        std::pair{ElementType::kInt8, at::kChar}, std::pair{ElementType::kUInt8, at::kByte},
        std::pair{ElementType::kBool, at::kBool}}) {
    const Tensor values = at::arange(6, at::kLong).view({2, 3}).to(torchs);
    const Weight weight = weight_of("w", values);
    EXPECT_EQ(weight.name, "w");
    EXPECT_EQ(weight.type, type) << element_type_name(type);
    EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(weight.bytes.data(), values.const_data_ptr());
    const Tensor back = tensor_of(weight);
    EXPECT_TRUE(back.equal(values)) << element_type_name(type);
    EXPECT_EQ(back.const_data_ptr(), values.const_data_ptr());
  }
}

TEST(WeightTensors, WhatDoesNotLieRowAfterRowIsCopied) {
  const Tensor values = at::arange(6, at::kFloat).view({2, 3});
  const Weight weight = weight_of("w", values.t());
  EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(weight.floats()[1], 3);
  const Weight rows = weight_of("w", values.narrow(0, 1, 1));
  EXPECT_EQ(rows.bytes.data(), static_cast<const char*>(values.const_data_ptr()) + 12);
}

TEST(WeightTensors, EachKeepsTheMemoryOfTheOther) {
  Weight weight = weight_of("w", at::full({1'000}, 7.0F));
  const Tensor tensor = tensor_of(weight);
  weight = {};
  EXPECT_EQ(tensor.sum().item<float>(), 7'000);
}

TEST(WeightTensors, AScalarAndAnEmptyWeightHaveTheirShapes) {
  EXPECT_EQ(weight_of("w", at::full({}, 2.0F)).num_elements(), 1);
  const Weight empty = weight_of("w", at::zeros({0, 3}));
  EXPECT_EQ(empty.num_elements(), 0);
  EXPECT_EQ(tensor_of(empty).sizes(), at::IntArrayRef({0, 3}));
}

TEST(WeightTensors, ATypeThatNoCheckpointHoldsIsRefused) {
  EXPECT_THAT(
      message_of(ErrorKind::kInternal, [] { weight_of("w", at::zeros({2}, at::kComplexFloat)); }),
      HasSubstr("no checkpoint holds the type ComplexFloat"));
}

}  // namespace
}  // namespace sbert
