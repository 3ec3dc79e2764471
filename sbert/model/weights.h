#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// The types of numbers that checkpoints hold. Little-endian.
enum class ElementType {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
  kOther,  ///< one that no model here has: floats of 8 bits, complex numbers, ...
};

std::int64_t element_size(ElementType type);  ///< in bytes
bool is_floating_point(ElementType type);
/// "float32", "bfloat16", "int64", ...
std::string_view element_type_name(ElementType type);

/// A tensor of a checkpoint: a view of a mapped file or of memory, for reading only. A copy shares
/// the bytes.
struct Weight {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;
  /// The elements row after row, as many as `shape` says; begins at a multiple of their size.
  std::string_view bytes;
  /// Keeps `bytes` alive. Over a mapped file it gives back the pages when the last copy goes, so
  /// that who reads weight by weight never has the whole file in memory.
  std::shared_ptr<const void> owner;
  /// The name that the file has for the type, if that is kOther.
  std::string other_type{};

  std::int64_t num_elements() const;
  /// The elements of a float32 weight.
  /// @throws Error(kInternal) if it is of another type
  const float* floats() const;
};

using Weights = std::vector<Weight>;

/// The name of the weight's type, for messages.
std::string_view type_text(const Weight& weight);

/// [2, 3] as "[2, 3]", for messages.
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Bytes of a tensor; nullopt if a dimension is negative or the product overflows, zeros left out.
std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape, ElementType type);

/// Rows [first, first + count) of a weight of one dimension or more, as a view.
/// @throws Error(kInternal) if there are none
Weight slice_rows(const Weight& weight, std::int64_t first, std::int64_t count);

/// A weight in memory of its own, zeros until it is filled.
class WeightBuffer {
 public:
  /// @throws Error(kInternal) if tensor_bytes() of the shape overflows
  WeightBuffer(std::string name, ElementType type, std::vector<std::int64_t> shape);

  char* bytes();  ///< as many as tensor_bytes() says
  Weight take() &&;

 private:
  Weight weight_;
  std::shared_ptr<std::vector<std::uint64_t>> memory_;  // aligned for every element
};

/// A float32 weight in memory of its own.
/// @param values as many as `shape` says
Weight make_weight(std::string name, std::vector<std::int64_t> shape, std::vector<float> values);

/// Elements [begin, begin + count) as float32: float64 is rounded, float16 and bfloat16 are exact.
/// @param to [count]
/// @throws Error(kInternal) if the type is not a floating-point type
void read_floats(const Weight& weight, std::int64_t begin, std::int64_t count, float* to);

/// The weight as float32: itself if it is, else a copy. NaN and infinity stay what they are.
Weight to_float32(const Weight& weight);

/// float32 to the nearest float16 or bfloat16, ties to even; what is too large becomes infinity.
std::uint16_t to_float16_bits(float value);
std::uint16_t to_bfloat16_bits(float value);
float from_float16_bits(std::uint16_t bits);
float from_bfloat16_bits(std::uint16_t bits);

}  // namespace sbert
