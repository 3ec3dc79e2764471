#include "sbert/model/weight_rows.h"

#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

std::vector<float> numbers(std::int64_t count, float first) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

Weight in_bfloat16(const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
  const auto bytes = std::make_shared<std::string>(values.size() * 2, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = to_bfloat16_bits(values[i]);
    std::memcpy(bytes->data() + 2 * i, &bits, sizeof bits);
  }
  return {
      .name = "w", .type = ElementType::kBFloat16, .shape = shape, .bytes = *bytes, .owner = bytes};
}

TEST(WeightRows, RowsOfSeveralWeightsFollowEachOther) {
  const WeightRows rows =
      weight_rows({make_weight("a", {3, 2}, numbers(6, 0)), in_bfloat16({1, 2}, numbers(2, 6)),
                   make_weight("c", {2, 2}, numbers(4, 8))});
  EXPECT_EQ(rows.out, 6);
  EXPECT_EQ(rows.in, 2);
  for (std::int64_t first = 0; first < rows.out; ++first) {
    for (std::int64_t count = 1; first + count <= rows.out; ++count) {
      std::vector<float> space(static_cast<std::size_t>(2 * count));
      const float* read = rows.read(first, count, space.data());
      EXPECT_EQ(std::vector<float>(read, read + 2 * count),
                numbers(2 * count, static_cast<float>(2 * first)))
          << count << " rows from " << first;
    }
  }
}

TEST(WeightRows, Float32IsReadWhereItIs) {
  const Weight weight = make_weight("a", {4, 3}, numbers(12, 0));
  const WeightRows rows = weight_rows({weight});
  EXPECT_EQ(rows.read(1, 3, nullptr), weight.floats() + 3);
}

TEST(WeightRows, KeepsTheWeightsAsLongAsItIsThere) {
  const Weight weight = make_weight("a", {1, 1}, {7});
  {
    const WeightRows rows = weight_rows({weight});
    EXPECT_EQ(weight.owner.use_count(), 2);
  }
  EXPECT_EQ(weight.owner.use_count(), 1);
}

TEST(ToFloats, ConvertsAllElements) {
  EXPECT_EQ(to_floats(in_bfloat16({2, 2}, numbers(4, 1))), numbers(4, 1));
}

}  // namespace
}  // namespace sbert
