#include "sbert/model/weights.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

constexpr std::uint32_t kSign16 = 0x8000;

std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

// A number of 16 bits by its definition: sign, exponent with its bias, fraction.
double by_definition(std::uint32_t bits, int fraction_bits) {
  const int exponent_bits = 15 - fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto exponent = static_cast<int>((bits & 0x7FFFU) >> fraction_bits);
  const auto fraction = static_cast<double>(bits & ((1U << fraction_bits) - 1));
  const double sign = (bits & kSign16) != 0 ? -1 : 1;
  const double one = std::ldexp(1.0, fraction_bits);
  if (exponent == 2 * bias + 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(fraction / one, 1 - bias);
  return sign * std::ldexp(1 + fraction / one, exponent - bias);
}

// Every number of 16 bits, to float and back.
template <typename FromBits, typename ToBits>
void check_all_numbers(int fraction_bits, const FromBits& from_bits, const ToBits& to_bits) {
  for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto narrow = static_cast<std::uint16_t>(bits);
    const double expected = by_definition(bits, fraction_bits);
    const float value = from_bits(narrow);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(std::isnan(from_bits(to_bits(value)))) << bits;
    } else {
      ASSERT_EQ(bits_of(value), bits_of(static_cast<float>(expected))) << bits;
      ASSERT_EQ(to_bits(value), narrow) << bits;
    }
  }
}

// Round to nearest, ties to even, by the definition: floats between neighbours of 16 bits, from the
// smallest to the largest and its way to infinity.
template <typename ToBits>
void check_rounding(int fraction_bits, const ToBits& to_bits) {
  const std::uint32_t infinity = 0x7FFFU >> fraction_bits << fraction_bits;
  for (std::uint32_t below = 0; below < infinity; ++below) {
    const double low = by_definition(below, fraction_bits);
    const double step = below == 0 ? by_definition(1, fraction_bits)
                                   : low - by_definition(below - 1, fraction_bits);
    // What follows the largest number counts as the next power of two, as IEEE 754 says.
    const double high =
        below + 1 == infinity ? low + step : by_definition(below + 1, fraction_bits);
    const double middle = (low + high) / 2;
    const auto tie = static_cast<float>(middle);
    if (static_cast<double>(tie) != middle) continue;  // finer than the smallest float
    const float before = std::nextafter(tie, 0.0F);
    const float after = std::nextafter(tie, std::numeric_limits<float>::infinity());
    const std::uint32_t even = (below & 1U) == 0 ? below : below + 1;
    for (const std::uint32_t sign : {0U, kSign16}) {
      const float factor = sign == 0 ? 1 : -1;
      ASSERT_EQ(to_bits(factor * before), below | sign) << below;
      ASSERT_EQ(to_bits(factor * tie), even | sign) << below;
      ASSERT_EQ(to_bits(factor * after), (below + 1) | sign) << below;
    }
  }
}

TEST(Float16, EachNumberIsThatOfTheDefinitionAndComesBack) {
  check_all_numbers(10, from_float16_bits, to_float16_bits);
}

TEST(Float16, RoundsToTheNearestAndTiesToEven) {
  check_rounding(10, to_float16_bits);
}

TEST(Float16, WhatIsTooLargeBecomesInfinity) {
  EXPECT_EQ(to_float16_bits(65'504), 0x7BFF);
  EXPECT_EQ(to_float16_bits(std::nextafter(65'520.0F, 0.0F)), 0x7BFF);
  EXPECT_EQ(to_float16_bits(65'520), 0x7C00);
  EXPECT_EQ(to_float16_bits(65'536), 0x7C00);
  EXPECT_EQ(to_float16_bits(std::numeric_limits<float>::max()), 0x7C00);
  EXPECT_EQ(to_float16_bits(-std::numeric_limits<float>::infinity()), 0xFC00);
}

TEST(Float16, WhatIsTooSmallBecomesZeroOfItsSign) {
  EXPECT_EQ(to_float16_bits(0x1p-25F), 0x0000);  // half of the smallest: a tie
  EXPECT_EQ(to_float16_bits(std::nextafter(0x1p-25F, 1.0F)), 0x0001);
  EXPECT_EQ(to_float16_bits(-0x1p-26F), 0x8000);
  EXPECT_EQ(to_float16_bits(std::numeric_limits<float>::denorm_min()), 0x0000);
}

#ifdef __FLT16_MAX__
// The compiler's own conversion, over floats of every exponent.
TEST(Float16, RoundsAsTheCompilerDoes) {
  constexpr std::uint64_t kStep = 4'099;  // a prime, so that all ends of fractions come up
  for (std::uint64_t bits = 0; bits <= UINT32_MAX; bits += kStep) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (std::isnan(value)) continue;
    const auto expected = std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
    ASSERT_EQ(to_float16_bits(value), expected) << value;
  }
}
#endif

TEST(BFloat16, EachNumberIsThatOfTheDefinitionAndComesBack) {
  check_all_numbers(7, from_bfloat16_bits, to_bfloat16_bits);
}

TEST(BFloat16, RoundsToTheNearestAndTiesToEven) {
  check_rounding(7, to_bfloat16_bits);
}

TEST(BFloat16, WhatIsTooLargeBecomesInfinity) {
  EXPECT_EQ(to_bfloat16_bits(0x1.FEp127F), 0x7F7F);
  EXPECT_EQ(to_bfloat16_bits(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(to_bfloat16_bits(-std::numeric_limits<float>::infinity()), 0xFF80);
}

TEST(BFloat16, NaNOfAnyBitsStaysNaN) {
  for (const std::uint32_t bits : {0x7F80'0001U, 0xFF80'0001U, 0x7FFF'FFFFU, 0x7FC0'0000U}) {
    EXPECT_TRUE(std::isnan(from_bfloat16_bits(to_bfloat16_bits(std::bit_cast<float>(bits)))))
        << bits;
    EXPECT_TRUE(std::isnan(from_float16_bits(to_float16_bits(std::bit_cast<float>(bits))))) << bits;
  }
}

TEST(ElementTypes, SizesNamesAndWhichAreFloatingPoint) {
  struct Facts {
    ElementType type;
    std::int64_t size;
    std::string_view name;
    bool is_floating_point;
  };
  for (const Facts& facts :
       {Facts{ElementType::kFloat64, 8, "float64", true},
        Facts{ElementType::kFloat32, 4, "float32", true},
        Facts{ElementType::kFloat16, 2, "float16", true},
        Facts{ElementType::kBFloat16, 2, "bfloat16", true},
        Facts{ElementType::kInt64, 8, "int64", false},
        Facts{ElementType::kInt32, 4, "int32", false},
        Facts{ElementType::kInt16, 2, "int16", false}, Facts{ElementType::kInt8, 1, "int8", false},
        Facts{ElementType::kUInt8, 1, "uint8", false}, Facts{ElementType::kBool, 1, "bool", false},
        Facts{ElementType::kOther, 1, "other", false}}) {
    EXPECT_EQ(element_size(facts.type), facts.size) << facts.name;
    EXPECT_EQ(element_type_name(facts.type), facts.name);
    EXPECT_EQ(is_floating_point(facts.type), facts.is_floating_point) << facts.name;
  }
}

TEST(TypeText, IsTheNameInTheFileOfATypeThatIsNotRead) {
  Weight weight;
  EXPECT_EQ(type_text(weight), "float32");
  weight.type = ElementType::kOther;
  weight.other_type = "F8_E4M3";
  EXPECT_EQ(type_text(weight), "F8_E4M3");
}

TEST(TensorBytes, AreTheProduct) {
  EXPECT_EQ(tensor_bytes({}, ElementType::kFloat32), 4U);  // a scalar
  EXPECT_EQ(tensor_bytes({3, 5}, ElementType::kBFloat16), 30U);
  EXPECT_EQ(tensor_bytes({3, 0, 5}, ElementType::kFloat64), 0U);
}

TEST(TensorBytes, AreNoneIfTheyCannotBeCounted) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(tensor_bytes({-1}, ElementType::kBool), std::nullopt);
  EXPECT_EQ(tensor_bytes({0, -1}, ElementType::kBool), std::nullopt);
  EXPECT_EQ(tensor_bytes({kMost}, ElementType::kBool), static_cast<std::uint64_t>(kMost));
  EXPECT_EQ(tensor_bytes({kMost}, ElementType::kFloat16), std::nullopt);
  EXPECT_EQ(tensor_bytes({kMost / 2, 3}, ElementType::kBool), std::nullopt);
  EXPECT_EQ(tensor_bytes({1LL << 32, 1LL << 32}, ElementType::kBool), std::nullopt);
  // Strides are made of the product without the zeros.
  EXPECT_EQ(tensor_bytes({0, kMost, 2}, ElementType::kBool), std::nullopt);
}

TEST(ShapeText, IsAList) {
  EXPECT_EQ(shape_text({}), "[]");
  EXPECT_EQ(shape_text({7}), "[7]");
  EXPECT_EQ(shape_text({2, 0, 3}), "[2, 0, 3]");
}

template <typename Element>
Weight weight_of(ElementType type, const std::vector<Element>& values) {
  WeightBuffer buffer("w", type, {static_cast<std::int64_t>(values.size())});
  std::memcpy(buffer.bytes(), values.data(), values.size() * sizeof(Element));
  return std::move(buffer).take();
}

std::vector<float> all_floats(const Weight& weight) {
  std::vector<float> values(static_cast<std::size_t>(weight.num_elements()));
  read_floats(weight, 0, weight.num_elements(), values.data());
  return values;
}

TEST(ReadFloats, OfEachFloatingPointType) {
  const std::vector<float> expected = {1.5F, -2, 0, 0.25F};
  EXPECT_EQ(all_floats(weight_of<float>(ElementType::kFloat32, {1.5F, -2, 0, 0.25F})), expected);
  EXPECT_EQ(all_floats(weight_of<double>(ElementType::kFloat64, {1.5, -2, 0, 0.25})), expected);
  EXPECT_EQ(
      all_floats(weight_of<std::uint16_t>(ElementType::kFloat16, {0x3E00, 0xC000, 0x0000, 0x3400})),
      expected);
  EXPECT_EQ(all_floats(
                weight_of<std::uint16_t>(ElementType::kBFloat16, {0x3FC0, 0xC000, 0x0000, 0x3E80})),
            expected);
}

TEST(ReadFloats, RoundsFloat64) {
  const Weight weight = weight_of<double>(ElementType::kFloat64, {0.1, 1e300, -1e-300});
  const std::vector<float> values = all_floats(weight);
  EXPECT_EQ(values[0], 0.1F);
  EXPECT_EQ(values[1], std::numeric_limits<float>::infinity());
  EXPECT_EQ(bits_of(values[2]), bits_of(-0.0F));
}

TEST(ReadFloats, FromTheMiddle) {
  for (const Weight& weight :
       {make_weight("a", {5}, {0, 1, 2, 3, 4}),
        weight_of<std::uint16_t>(ElementType::kBFloat16, {0, 0x3F80, 0x4000, 0x4040, 0x4080})}) {
    std::vector<float> values = {9, 9, 9};
    read_floats(weight, 2, 2, values.data());
    EXPECT_EQ(values, (std::vector<float>{2, 3, 9}));
  }
}

TEST(ReadFloats, NamesTheWeightThatHoldsNone) {
  float value = 0;
  EXPECT_EQ(
      message_of(
          ErrorKind::kInternal,
          [&] { read_floats(weight_of<std::int64_t>(ElementType::kInt64, {1}), 0, 1, &value); }),
      "w does not hold floating-point numbers: int64");
}

TEST(ToFloat32, IsTheWeightItselfOrACopy) {
  const Weight weight = make_weight("a", {2}, {1, 2});
  EXPECT_EQ(to_float32(weight).floats(), weight.floats());

  const Weight half = weight_of<std::uint16_t>(ElementType::kFloat16, {0x3C00, 0x7C00, 0x7E00});
  const Weight wide = to_float32(half);
  EXPECT_EQ(wide.name, "w");
  EXPECT_EQ(wide.type, ElementType::kFloat32);
  EXPECT_EQ(wide.shape, half.shape);
  EXPECT_EQ(wide.floats()[0], 1);
  EXPECT_TRUE(std::isinf(wide.floats()[1]));
  EXPECT_TRUE(std::isnan(wide.floats()[2]));
}

TEST(Floats, AreOfFloat32Alone) {
  const Weight half = weight_of<std::uint16_t>(ElementType::kFloat16, {0x3C00});
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { half.floats(); }), "w is not float32: float16");
}

TEST(MakeWeight, HasAsManyValuesAsItsShapeSays) {
  EXPECT_EQ(make_weight("a", {2, 3}, {0, 1, 2, 3, 4, 5}).num_elements(), 6);
  EXPECT_EQ(make_weight("a", {0, 3}, {}).num_elements(), 0);
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { make_weight("a", {2, 3}, {1}); }),
            "a: 1 values for the shape [2, 3]");
}

TEST(WeightBuffer, IsZerosUntilItIsFilled) {
  WeightBuffer buffer("b", ElementType::kBFloat16, {3, 1});
  buffer.bytes()[2] = 1;
  const Weight weight = std::move(buffer).take();
  EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(weight.bytes, std::string_view("\0\0\1\0\0\0", 6));
}

TEST(WeightBuffer, RefusesAShapeThatOverflows) {
  EXPECT_EQ(message_of(ErrorKind::kInternal,
                       [] { WeightBuffer("b", ElementType::kFloat32, {1LL << 40, 1LL << 40}); }),
            "b: the shape is too large: [1099511627776, 1099511627776]");
}

TEST(SliceRows, IsAViewThatKeepsTheBytes) {
  Weight slice;
  {
    const Weight weight = make_weight("a", {3, 2}, {0, 1, 2, 3, 4, 5});
    slice = slice_rows(weight, 1, 2);
    EXPECT_EQ(slice.floats(), weight.floats() + 2);
  }
  EXPECT_EQ(slice.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(all_floats(slice), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(slice_rows(slice, 2, 0).num_elements(), 0);
}

TEST(SliceRows, RefusesRowsThatAreNotThere) {
  const Weight weight = make_weight("a", {3, 2}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { slice_rows(weight, 2, 2); }),
            "a: no rows 2 to 4 in the shape [3, 2]");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { slice_rows(weight, -1, 1); }),
            "a: no rows -1 to 0 in the shape [3, 2]");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { slice_rows(make_weight("s", {}, {1}), 0, 1); }),
            "s: no rows 0 to 1 in the shape []");
}

}  // namespace
}  // namespace sbert
