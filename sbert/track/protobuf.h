#pragma once

// The wire format of Protocol Buffers, as far as event files and Weights & Biases need it
// (protobuf.dev/programming-guides/encoding). Fields are named by their numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sbert {

/// Builds one message field by field. A message within is built on its own and added.
class ProtobufWriter {
 public:
  ProtobufWriter& add_integer(int field, std::int64_t value);
  ProtobufWriter& add_bool(int field, bool value) { return add_integer(field, value ? 1 : 0); }
  ProtobufWriter& add_double(int field, double value);
  ProtobufWriter& add_float(int field, float value);
  ProtobufWriter& add_bytes(int field, std::string_view value);
  ProtobufWriter& add_message(int field, const ProtobufWriter& message) {
    return add_bytes(field, message.bytes());
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void append_varint(std::uint64_t value);
  void append_key(int field, std::uint64_t wire_type);

  std::string bytes_;
};

/// One field of a message that is read.
struct ProtobufField {
  int number = 0;
  std::uint64_t integer = 0;  ///< of a varint or a fixed-width field: its bits
  std::string_view bytes;     ///< of a length-delimited field; else empty
};

/// Goes over the fields of a message from outside. Takes no memory.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  /// The next field; nothing at the end.
  /// @throws Error(kInput) if the message is cut short or malformed
  std::optional<ProtobufField> next();

 private:
  std::uint64_t take_varint();
  std::string_view take(std::uint64_t size);

  std::string_view rest_;
};

/// The bytes of the first field `number` of `message`; empty if there is none.
/// @throws Error(kInput) if the message is malformed
std::string_view find_field(std::string_view message, int number);

}  // namespace sbert
