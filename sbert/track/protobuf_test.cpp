#include "sbert/track/protobuf.h"

#include <bit>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::string bytes_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes)
    text += static_cast<char>(byte);
  return text;
}

// The examples of protobuf.dev/programming-guides/encoding.
TEST(ProtobufWriter, WritesTheExamplesOfTheEncodingGuide) {
  EXPECT_EQ(ProtobufWriter().add_integer(1, 150).bytes(), bytes_of({0x08, 0x96, 0x01}));
  EXPECT_EQ(ProtobufWriter().add_bytes(2, "testing").bytes(), bytes_of({0x12, 0x07}) + "testing");
  EXPECT_EQ(ProtobufWriter().add_message(3, ProtobufWriter().add_integer(1, 150)).bytes(),
            bytes_of({0x1a, 0x03, 0x08, 0x96, 0x01}));
  EXPECT_EQ(ProtobufWriter().add_integer(1, -2).bytes(),
            bytes_of({0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
}

TEST(ProtobufWriter, AFieldAbove15HasAKeyOfTwoBytes) {
  EXPECT_EQ(ProtobufWriter().add_bool(200, true).bytes(), bytes_of({0xC0, 0x0C, 0x01}));
}

TEST(ProtobufWriter, FloatsAreLittleEndian) {
  EXPECT_EQ(ProtobufWriter().add_float(2, 1.0F).bytes(), bytes_of({0x15, 0, 0, 0x80, 0x3F}));
  EXPECT_EQ(ProtobufWriter().add_double(1, 1.0).bytes(),
            bytes_of({0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F}));
}

TEST(ProtobufReader, GivesTheFieldsInTheirOrder) {
  const std::string message = ProtobufWriter()
                                  .add_integer(1, -1)
                                  .add_bytes(300, "text")
                                  .add_double(2, 0.5)
                                  .add_float(3, 2.0F)
                                  .bytes();
  ProtobufReader reader(message);
  auto field = reader.next();
  EXPECT_EQ(field->number, 1);
  EXPECT_EQ(field->integer, ~0ULL);
  field = reader.next();
  EXPECT_EQ(field->number, 300);
  EXPECT_EQ(field->bytes, "text");
  field = reader.next();
  EXPECT_EQ(std::bit_cast<double>(field->integer), 0.5);
  field = reader.next();
  EXPECT_EQ(std::bit_cast<float>(static_cast<std::uint32_t>(field->integer)), 2.0F);
  EXPECT_FALSE(reader.next());
}

TEST(ProtobufReader, FindsAField) {
  const std::string message = ProtobufWriter().add_bytes(1, "a").add_bytes(2, "b").bytes();
  EXPECT_EQ(find_field(message, 2), "b");
  EXPECT_EQ(find_field(message, 3), "");
}

std::string refusal(const std::string& message) {
  return message_of(ErrorKind::kInput, [&] { find_field(message, 1'000); });
}

TEST(ProtobufReader, RefusesWhatIsMalformed) {
  EXPECT_THAT(refusal(bytes_of({0x12, 0x08}) + "testing"), HasSubstr("cut short"));
  EXPECT_THAT(refusal(bytes_of({0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})),
              HasSubstr("cut short"));
  EXPECT_THAT(refusal(bytes_of({0x08, 0x96})), HasSubstr("cut short"));
  EXPECT_THAT(refusal(bytes_of({0x0D, 0, 0, 0})), HasSubstr("cut short"));
  EXPECT_THAT(refusal(bytes_of({0x09, 0, 0, 0})), HasSubstr("cut short"));
  EXPECT_THAT(refusal(std::string(11, '\xff')), HasSubstr("more than ten bytes"));
  EXPECT_THAT(refusal(bytes_of({0x0B})), HasSubstr("unknown protobuf wire type: 3"));
  EXPECT_THAT(refusal(bytes_of({0x00, 0x01})), HasSubstr("has no number"));
}

}  // namespace
}  // namespace sbert
