#pragma once

// The names that torch's pickles have for types of numbers.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sbert/model/weights.h"

namespace sbert {

struct TorchType {
  std::string_view name;  ///< "module name", as PickleNode has it
  ElementType type;
  std::int64_t bytes;  ///< of an element
};

/// The classes of storages, each of one type. The last holds bytes of any.
constexpr std::array<TorchType, 16> kTorchStorages = {{
    {"torch FloatStorage", ElementType::kFloat32, 4},
    {"torch DoubleStorage", ElementType::kFloat64, 8},
    {"torch HalfStorage", ElementType::kFloat16, 2},
    {"torch BFloat16Storage", ElementType::kBFloat16, 2},
    {"torch LongStorage", ElementType::kInt64, 8},
    {"torch IntStorage", ElementType::kInt32, 4},
    {"torch ShortStorage", ElementType::kInt16, 2},
    {"torch CharStorage", ElementType::kInt8, 1},
    {"torch ByteStorage", ElementType::kUInt8, 1},
    {"torch BoolStorage", ElementType::kBool, 1},
    {"torch ComplexFloatStorage", ElementType::kOther, 8},
    {"torch ComplexDoubleStorage", ElementType::kOther, 16},
    {"torch QInt8Storage", ElementType::kOther, 1},
    {"torch QUInt8Storage", ElementType::kOther, 1},
    {"torch QInt32Storage", ElementType::kOther, 4},
    {"torch.storage UntypedStorage", ElementType::kOther, 1},
}};

/// The dtypes.
constexpr std::array<TorchType, 20> kTorchDtypes = {{
    {"torch float32", ElementType::kFloat32, 4},
    {"torch float64", ElementType::kFloat64, 8},
    {"torch float16", ElementType::kFloat16, 2},
    {"torch bfloat16", ElementType::kBFloat16, 2},
    {"torch int64", ElementType::kInt64, 8},
    {"torch int32", ElementType::kInt32, 4},
    {"torch int16", ElementType::kInt16, 2},
    {"torch int8", ElementType::kInt8, 1},
    {"torch uint8", ElementType::kUInt8, 1},
    {"torch bool", ElementType::kBool, 1},
    {"torch uint16", ElementType::kOther, 2},
    {"torch uint32", ElementType::kOther, 4},
    {"torch uint64", ElementType::kOther, 8},
    {"torch float8_e4m3fn", ElementType::kOther, 1},
    {"torch float8_e5m2", ElementType::kOther, 1},
    {"torch float8_e4m3fnuz", ElementType::kOther, 1},
    {"torch float8_e5m2fnuz", ElementType::kOther, 1},
    {"torch float8_e8m0fnu", ElementType::kOther, 1},
    {"torch complex64", ElementType::kOther, 8},
    {"torch complex128", ElementType::kOther, 16},
}};

/// "float8_e5m2" of "torch float8_e5m2", for messages.
inline std::string short_name(const TorchType& type) {
  return std::string(type.name.substr(type.name.find(' ') + 1));
}

}  // namespace sbert
