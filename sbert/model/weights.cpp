#include "sbert/model/weights.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

struct TypeFacts {
  std::string_view name;
  std::int64_t size;
  bool is_floating_point;
};

// In the order of ElementType.
constexpr std::array<TypeFacts, 11> kTypes{{
    {"float64", 8, true},
    {"float32", 4, true},
    {"float16", 2, true},
    {"bfloat16", 2, true},
    {"int64", 8, false},
    {"int32", 4, false},
    {"int16", 2, false},
    {"int8", 1, false},
    {"uint8", 1, false},
    {"bool", 1, false},
    {"other", 1, false},
}};

const TypeFacts& facts(ElementType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

// Calls use(element) for elements [begin, begin + count) of the type Element.
template <typename Element, typename Convert>
void convert(const Weight& weight,
             std::int64_t begin,
             std::int64_t count,
             float* to,
             const Convert& to_float) {
  const auto* from = reinterpret_cast<const Element*>(weight.bytes.data()) + begin;
  for (std::int64_t i = 0; i < count; ++i)
    to[i] = to_float(from[i]);
}

}  // namespace

std::int64_t element_size(ElementType type) {
  return facts(type).size;
}

bool is_floating_point(ElementType type) {
  return facts(type).is_floating_point;
}

std::string_view element_type_name(ElementType type) {
  return facts(type).name;
}

std::int64_t Weight::num_elements() const {
  return static_cast<std::int64_t>(bytes.size()) / element_size(type);
}

const float* Weight::floats() const {
  if (type != ElementType::kFloat32) {
    fail(ErrorKind::kInternal, concat(name, " is not float32: ", element_type_name(type)));
  }
  return reinterpret_cast<const float*>(bytes.data());
}

std::string_view type_text(const Weight& weight) {
  return weight.type == ElementType::kOther ? weight.other_type : element_type_name(weight.type);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape)
    text += concat(text.size() == 1 ? "" : ", ", size);
  return text + "]";
}

std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape,
                                          ElementType type) {
  // The product without the zeros must fit too: strides are made of it.
  std::int64_t product = element_size(type);
  bool is_empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    is_empty = is_empty || size == 0;
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) return std::nullopt;
  }
  return is_empty ? 0 : static_cast<std::uint64_t>(product);
}

Weight slice_rows(const Weight& weight, std::int64_t first, std::int64_t count) {
  const std::int64_t rows = weight.shape.empty() ? 0 : weight.shape[0];
  if (first < 0 || count < 0 || count > rows || first > rows - count) {
    fail(ErrorKind::kInternal, concat(weight.name, ": no rows ", first, " to ", first + count,
                                      " in the shape ", shape_text(weight.shape)));
  }
  const std::size_t row_bytes =
      rows == 0 ? 0 : weight.bytes.size() / static_cast<std::size_t>(rows);
  Weight slice = weight;
  slice.shape[0] = count;
  slice.bytes = weight.bytes.substr(static_cast<std::size_t>(first) * row_bytes,
                                    static_cast<std::size_t>(count) * row_bytes);
  return slice;
}

WeightBuffer::WeightBuffer(std::string name, ElementType type, std::vector<std::int64_t> shape)
    : weight_{.name = std::move(name), .type = type, .shape = std::move(shape)} {
  const std::optional<std::uint64_t> bytes = tensor_bytes(weight_.shape, type);
  if (!bytes) {
    fail(ErrorKind::kInternal,
         concat(weight_.name, ": the shape is too large: ", shape_text(weight_.shape)));
  }
  memory_ = std::make_shared<std::vector<std::uint64_t>>((*bytes + 7) / 8);
  weight_.bytes = {reinterpret_cast<const char*>(memory_->data()), *bytes};
}

char* WeightBuffer::bytes() {
  return reinterpret_cast<char*>(memory_->data());
}

Weight WeightBuffer::take() && {
  weight_.owner = std::move(memory_);
  return std::move(weight_);
}

Weight make_weight(std::string name, std::vector<std::int64_t> shape, std::vector<float> values) {
  const std::optional<std::uint64_t> bytes = tensor_bytes(shape, ElementType::kFloat32);
  if (bytes != values.size() * sizeof(float)) {
    fail(ErrorKind::kInternal,
         concat(name, ": ", values.size(), " values for the shape ", shape_text(shape)));
  }
  const auto owned = std::make_shared<const std::vector<float>>(std::move(values));
  return {.name = std::move(name),
          .type = ElementType::kFloat32,
          .shape = std::move(shape),
          .bytes = {reinterpret_cast<const char*>(owned->data()), owned->size() * sizeof(float)},
          .owner = owned};
}

void read_floats(const Weight& weight, std::int64_t begin, std::int64_t count, float* to) {
  switch (weight.type) {
    case ElementType::kFloat32:
      std::memcpy(to, weight.floats() + begin, static_cast<std::size_t>(count) * sizeof(float));
      return;
    case ElementType::kFloat64:
      return convert<double>(weight, begin, count, to,
                             [](double x) { return static_cast<float>(x); });
    case ElementType::kFloat16:
      return convert<std::uint16_t>(weight, begin, count, to, from_float16_bits);
    case ElementType::kBFloat16:
      return convert<std::uint16_t>(weight, begin, count, to, from_bfloat16_bits);
    default:
      fail(ErrorKind::kInternal, concat(weight.name, " does not hold floating-point numbers: ",
                                        element_type_name(weight.type)));
  }
}

Weight to_float32(const Weight& weight) {
  if (weight.type == ElementType::kFloat32) return weight;
  std::vector<float> values(static_cast<std::size_t>(weight.num_elements()));
  read_floats(weight, 0, weight.num_elements(), values.data());
  return make_weight(weight.name, weight.shape, std::move(values));
}

std::uint16_t to_bfloat16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);  // stays a NaN
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

float from_bfloat16_bits(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t to_float16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  std::uint32_t magnitude = bits & 0x7FFF'FFFFU;
  if (magnitude > 0x7F80'0000U) return static_cast<std::uint16_t>(sign | 0x7E00U);
  if (magnitude >= 0x4780'0000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // 65536 on
  if (magnitude < 0x3880'0000U) {  // subnormal: adding 0.5 leaves the rounded bits at the end
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) & 0xFFFFU));
  }
  magnitude += 0xFFFU + (magnitude >> 13 & 1U);  // to even
  return static_cast<std::uint16_t>(sign | (magnitude - 0x3800'0000U) >> 13);
}

float from_float16_bits(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t widened = exponent == 0x1FU ? 0xFFU : exponent + 112U;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

}  // namespace sbert
