#include "sbert/checkpoint/precision.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

TEST(Precision, HasTheNameOfTorch) {
  EXPECT_EQ(type_name(Precision::k32), "float32");
  EXPECT_EQ(type_name(Precision::kBf16), "bfloat16");
  EXPECT_EQ(type_name(Precision::k16), "float16");
}

TEST(InPrecision, RoundsEachValueToTheNearest) {
  // More than are widened together.
  std::vector<float> values(10'000);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(static_cast<float>(i));
  const Weights weights = {make_weight("a", {100, 100}, values)};
  const Weight half = in_precision(weights, Precision::k16).at(0);
  const Weight brain = in_precision(weights, Precision::kBf16).at(0);
  EXPECT_EQ(half.type, ElementType::kFloat16);
  EXPECT_EQ(brain.type, ElementType::kBFloat16);
  EXPECT_EQ(half.shape, weights[0].shape);
  const std::vector<float> from_half = floats_of(half);
  const std::vector<float> from_brain = floats_of(brain);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(from_half[i], from_float16_bits(to_float16_bits(values[i])));
    EXPECT_EQ(from_brain[i], from_bfloat16_bits(to_bfloat16_bits(values[i])));
  }
}

TEST(InPrecision, CopiesNothingThatIsOfTheType) {
  for (const auto& [precision, type] : {std::pair{Precision::k32, ElementType::kFloat32},
                                        std::pair{Precision::kBf16, ElementType::kBFloat16},
                                        std::pair{Precision::k16, ElementType::kFloat16}}) {
    const Weight weight = WeightBuffer("a", type, {3}).take();
    EXPECT_EQ(in_precision({weight}, precision).at(0).bytes.data(), weight.bytes.data());
  }
}

TEST(InPrecision, WidensTo32Bits) {
  const Weights weights = {
      weight_of<std::uint16_t>("a", ElementType::kBFloat16, {2}, {0x3F80, 0x4049}),
      weight_of<double>("b", ElementType::kFloat64, {1}, {0.1})};
  const Weights wide = in_precision(weights, Precision::k32);
  EXPECT_EQ(floats_of(wide[0]), (std::vector<float>{1, 3.140625F}));
  EXPECT_EQ(wide[1].type, ElementType::kFloat32);
  EXPECT_EQ(wide[1].floats()[0], 0.1F);
}

TEST(InPrecision, NamesAllWeightsThatAreTooLarge) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Weights weights = {
      make_weight("fits", {2}, {65'504, -65'519}), make_weight("large", {2}, {1, 65'520}),
      make_weight("infinite", {2}, {infinity, NAN}), make_weight("larger", {1}, {-1e30F})};
  EXPECT_EQ(input_error([&] { in_precision(weights, Precision::k16); }),
            "weights are too large for float16, use bf16 or 32: large, larger");
  EXPECT_NO_THROW(in_precision(weights, Precision::kBf16));
}

}  // namespace
}  // namespace sbert
