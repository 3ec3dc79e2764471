#include "sbert/kernels/packed_linear.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "tests/support/each_cpu_variant.h"

namespace sbert {
namespace {

using Values = std::vector<float>;

constexpr std::int64_t kRows = 5;

// The same rows, none of which is where it could be read without a copy.
WeightRows copied(const Values& weight, std::int64_t out, std::int64_t in) {
  return {out, in, [&weight, in](std::int64_t first, std::int64_t count, float* space) {
            std::copy_n(weight.data() + first * in, count * in, space);
            return space;
          }};
}

class PackedLinearTest : public EachCpuVariant {
 protected:
  Values product(const WeightRows& weight, const float* bias, ProductType type, const Values& x) {
    WeightMemory memory(PackedLinear::weight_bytes(weight.out, weight.in, type, kernels_));
    const PackedLinear linear(weight, bias, type, memory, kernels_);
    Values y(static_cast<std::size_t>(kRows * weight.out));
    ProductScratch scratch;
    linear(x.data(), kRows, Epilogue::kRelu, y.data(), scratch);
    return y;
  }
};

INSTANTIATE_TEST_SUITE_P(All, PackedLinearTest, testing::ValuesIn(kCpuVariants), name_of_variant);

// A weight that is packed block by block is the weight packed whole.
TEST_P(PackedLinearTest, BlocksOfRowsGiveTheBitsOfTheWholeMatrix) {
  for (const std::int64_t out : {1, 63, 64, 65, 128, 200}) {
    for (const std::int64_t in : {3, 64, 100}) {
      const Values weight = random_values(out * in, 1);
      const Values bias = random_values(out, 2);
      const Values x = random_values(kRows * in, 3);
      Values packed(static_cast<std::size_t>(kernels_.packed_size(out, in)));
      kernels_.pack(weight.data(), out, in, packed.data());
      Values whole(static_cast<std::size_t>(kRows * out));
      std::vector<char> scratch(
          static_cast<std::size_t>(kernels_.multiply_scratch(kRows, in, out)));
      kernels_.multiply({x.data(), kRows, in, out, packed.data(), bias.data(), Epilogue::kRelu,
                         scratch.data(), whole.data()});
      const WeightRows rows = rows_of(weight.data(), out, in);
      EXPECT_EQ(product(rows, bias.data(), ProductType::kFloat32, x), whole) << out << " x " << in;
      EXPECT_EQ(product(copied(weight, out, in), bias.data(), ProductType::kFloat32, x), whole);
    }
  }
}

TEST_P(PackedLinearTest, Int8IsCloseToTheProductInDouble) {
  for (const std::int64_t out : {1, 64, 65, 200}) {
    constexpr std::int64_t kIn = 100;
    const Values weight = random_values(out * kIn, 1);
    const Values bias = random_values(out, 2);
    const Values x = random_values(kRows * kIn, 3);
    const Values y = product(rows_of(weight.data(), out, kIn), bias.data(), ProductType::kInt8, x);
    EXPECT_EQ(product(copied(weight, out, kIn), bias.data(), ProductType::kInt8, x), y);
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t j = 0; j < out; ++j) {
        double exact = bias[static_cast<std::size_t>(j)];
        for (std::int64_t k = 0; k < kIn; ++k) {
          exact += static_cast<double>(x[static_cast<std::size_t>(row * kIn + k)]) *
                   weight[static_cast<std::size_t>(j * kIn + k)];
        }
        // 100 products of numbers up to 1, each of which is rounded to a step of about 1 / 127, or
        // 1 / 64 where pairs are limited; the errors add up as a random walk.
        EXPECT_NEAR(y[static_cast<std::size_t>(row * out + j)], std::max(exact, 0.0), 0.35);
      }
    }
  }
}

TEST_P(PackedLinearTest, NoBiasIsABiasOfZeros) {
  const Values weight = random_values(70 * 24, 1);
  const Values x = random_values(kRows * 24, 3);
  const WeightRows rows = rows_of(weight.data(), 70, 24);
  const Values zeros(70);
  for (const ProductType type : {ProductType::kFloat32, ProductType::kInt8})
    EXPECT_EQ(product(rows, nullptr, type, x), product(rows, zeros.data(), type, x));
}

TEST(WeightMemory, GivesZerosFromCacheLinesOn) {
  for (const std::int64_t bytes : {std::int64_t{200}, std::int64_t{9} << 20}) {
    WeightMemory memory(2 * WeightMemory::rounded(bytes));
    for (int i = 0; i < 2; ++i) {
      const auto* taken = static_cast<const char*>(memory.take(bytes));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(taken) % 64, 0U);
      EXPECT_TRUE(std::all_of(taken, taken + bytes, [](char byte) { return byte == 0; }));
    }
    EXPECT_THROW(memory.take(1), Error) << "more than was planned";
  }
  EXPECT_EQ(WeightMemory::rounded(1), 64);
  EXPECT_EQ(WeightMemory::rounded(128), 128);
}

TEST(WeightMemory, CanBeOfNothing) {
  WeightMemory memory(0);
  EXPECT_THROW(memory.take(1), Error);
}

TEST(ProductScratch, GrowsAndBeginsAtACacheLine) {
  ProductScratch scratch;
  const void* small = scratch.get(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small) % 64, 0U);
  EXPECT_EQ(scratch.get(50), small);
  auto* large = static_cast<char*>(scratch.get(100'000));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large) % 64, 0U);
  std::fill_n(large, 100'000, 'x');
  EXPECT_EQ(scratch.get(100'000), large);
}

}  // namespace
}  // namespace sbert
