#include "sbert/checkpoint/safetensors.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/safetensors_header.h"

namespace sbert {
namespace {

// Lengths and tensors are stored little-endian, and read and written as they lie in memory.
static_assert(std::endian::native == std::endian::little);

}  // namespace

Safetensors parse_safetensors(std::string_view bytes, const BytesOwner& owner) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() < sizeof header_bytes) {
    fail(ErrorKind::kInput, concat("not a safetensors file: only ", bytes.size(), " bytes"));
  }
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  bytes.remove_prefix(sizeof header_bytes);
  if (header_bytes > bytes.size()) {
    fail(ErrorKind::kInput, concat("not a safetensors file, or cut off: header of ", header_bytes,
                                   " bytes in ", bytes.size(), " that follow"));
  }
  if (header_bytes > kMaxSafetensorsHeaderBytes) {
    fail(ErrorKind::kInput, concat("header is too long: ", header_bytes, " bytes, at most ",
                                   kMaxSafetensorsHeaderBytes));
  }
  const std::string_view data = bytes.substr(header_bytes);
  SafetensorsHeader header = parse_safetensors_header(bytes.substr(0, header_bytes), data.size());

  Safetensors result;
  result.metadata = std::move(header.metadata);
  result.tensors.reserve(header.tensors.size());
  for (SafetensorsEntry& entry : header.tensors) {
    result.tensors.push_back(mapped_weight(std::move(entry.name),
                                           data.substr(entry.begin, entry.end - entry.begin),
                                           entry.type, std::move(entry.shape), owner));
    result.tensors.back().other_type = std::move(entry.other_type);
  }
  return result;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return within(path.native(), [&] { return parse_safetensors(file->bytes(), {file, true}); });
}

void write_safetensors(const std::filesystem::path& path,
                       const Weights& tensors,
                       const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header{.tensors = {}, .metadata = metadata};
  std::uint64_t offset = 0;
  for (const Weight& each : tensors) {
    const std::uint64_t end = offset + each.bytes.size();
    header.tensors.push_back(
        {.name = each.name, .type = each.type, .shape = each.shape, .begin = offset, .end = end});
    offset = end;
  }
  const std::string json = within(path.native(), [&] { return format_safetensors_header(header); });
  const std::uint64_t header_bytes = json.size();

  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes});
  file.write(json);
  for (const Weight& each : tensors)
    file.write(each.bytes);
  file.commit();
}

}  // namespace sbert
