#pragma once

// The JSON header of a safetensors file (https://github.com/huggingface/safetensors): eight bytes
// hold the header's length N, little-endian; N bytes of JSON follow, and then the tensors' bytes.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// Where a tensor lies: bytes [begin, end) after the header, row-major, little-endian.
struct SafetensorsEntry {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string other_type{};  ///< the type's name in the file, if it is kOther
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  ///< by offset
  std::map<std::string, std::string> metadata;
};

/// Header length that is read at most, as in the reference implementation.
constexpr std::uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;
constexpr std::size_t kMaxSafetensorsTensors = 1'000'000;
constexpr std::size_t kMaxTensorDimensions = 64;

/// Reads the JSON and checks that the tensors fill the data without gap or overlap, and, of those
/// whose type is known, that their shapes fill their bytes.
/// @param data_bytes what follows the header in the file
/// @throws Error(kInput) naming the tensor that is wrong
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes);

/// The JSON of a header, padded with spaces so that 8 + its length is a multiple of 8.
/// @throws Error(kInternal) for a type that has no name in the format, Error(kInput) for metadata
/// or a name that is not UTF-8
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace sbert
