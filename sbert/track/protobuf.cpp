#include "sbert/track/protobuf.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/track/little_endian.h"

namespace sbert {
namespace {

enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

}  // namespace

void ProtobufWriter::append_varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes_ += static_cast<char>(value);
}

void ProtobufWriter::append_key(int field, std::uint64_t wire_type) {
  append_varint((static_cast<std::uint64_t>(field) << 3) | wire_type);
}

ProtobufWriter& ProtobufWriter::add_integer(int field, std::int64_t value) {
  append_key(field, kVarint);
  append_varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::add_double(int field, double value) {
  append_key(field, kFixed64);
  append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::add_float(int field, float value) {
  append_key(field, kFixed32);
  append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::add_bytes(int field, std::string_view value) {
  append_key(field, kBytes);
  append_varint(value.size());
  bytes_ += value;
  return *this;
}

std::optional<ProtobufField> ProtobufReader::next() {
  if (rest_.empty()) return std::nullopt;
  const std::uint64_t key = take_varint();
  // The highest field number there may be is 2^29 - 1.
  if (key >> 3 == 0 || key >> 32 != 0) fail(ErrorKind::kInput, "protobuf field has no number");
  ProtobufField field{.number = static_cast<int>(key >> 3)};
  switch (key & 7) {
    case kVarint:
      field.integer = take_varint();
      break;
    case kFixed64:
      field.integer = read_little_endian<std::uint64_t>(take(8).data());
      break;
    case kBytes:
      field.bytes = take(take_varint());
      break;
    case kFixed32:
      field.integer = read_little_endian<std::uint32_t>(take(4).data());
      break;
    default:
      fail(ErrorKind::kInput, concat("unknown protobuf wire type: ", key & 7));
  }
  return field;
}

std::uint64_t ProtobufReader::take_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take(1).front());
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail(ErrorKind::kInput, "protobuf integer has more than ten bytes");
}

std::string_view ProtobufReader::take(std::uint64_t size) {
  if (size > rest_.size()) fail(ErrorKind::kInput, "protobuf message is cut short");
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::string_view find_field(std::string_view message, int number) {
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == number) return field->bytes;
  }
  return {};
}

}  // namespace sbert
