#include "sbert/checkpoint/safetensors.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using SafetensorsTest = FolderTest;

// A file with this header and `data_bytes` zeros.
std::string file_with(std::string_view header, std::size_t data_bytes) {
  const std::uint64_t size = header.size();
  std::string file(reinterpret_cast<const char*>(&size), sizeof size);
  file += header;
  return file + std::string(data_bytes, '\0');
}

TEST_F(SafetensorsTest, ReadsEveryTypeOfAFileThatPythonWrote) {
  const Safetensors file = read_safetensors(golden("mixed.safetensors"));
  ASSERT_EQ(file.tensors.size(), 6U);
  EXPECT_EQ(file.tensors[0].name, "a");
  const auto tensor = [&](std::size_t i) { return file.tensors[i]; };
  EXPECT_TRUE(is_same(tensor(0), weight_of("", ElementType::kFloat32, {2, 3}, counted(6, 1))));
  EXPECT_TRUE(is_same(tensor(1), weight_of<std::uint16_t>("", ElementType::kFloat16, {3},
                                                          {0x3800, 0xC000, 0x3C00})));
  EXPECT_TRUE(
      is_same(tensor(2), weight_of<std::uint16_t>("", ElementType::kBFloat16, {1}, {0x3F80})));
  EXPECT_TRUE(is_same(tensor(3), weight_of<std::int64_t>("", ElementType::kInt64, {2}, {7, -8})));
  EXPECT_TRUE(is_same(tensor(4), weight_of<double>("", ElementType::kFloat64, {}, {0.25})));
  EXPECT_THAT(tensor(5).shape, ElementsAre(0, 4));
  EXPECT_THAT(file.metadata,
              ElementsAre(Pair("format", "pt"), Pair("note", "größer als „zwei“\n")));
}

TEST_F(SafetensorsTest, WritesWhatItReads) {
  const Weights tensors = {weight_of("z", ElementType::kFloat32, {3, 2}, counted(6)),
                           weight_of<std::int64_t>("a", ElementType::kInt64, {2}, {1LL << 40, -1}),
                           make_weight("none", {3, 0}, {})};
  write_safetensors(folder_ / "x", tensors, {{"step", "17"}, {"Schlüssel", "\"\n\\"}});
  const Safetensors back = read_safetensors(folder_ / "x");
  ASSERT_EQ(back.tensors.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back.tensors[i].name, tensors[i].name);
    EXPECT_TRUE(is_same(back.tensors[i], tensors[i]));
  }
  EXPECT_THAT(back.metadata, ElementsAre(Pair("Schlüssel", "\"\n\\"), Pair("step", "17")));
}

TEST_F(SafetensorsTest, PadsTheHeaderSoThatTensorsAreAligned) {
  for (const char* name : {"a", "ab", "abc"}) {
    write_safetensors(folder_ / "x", {weight_of<double>(name, ElementType::kFloat64, {1}, {1.0})},
                      {});
    const std::string bytes = read_file(folder_ / "x");
    EXPECT_EQ(bytes.size() % 8, 0U);
  }
}

TEST_F(SafetensorsTest, TensorsOutliveTheFileAndTheResult) {
  Weight weight;
  {
    write_safetensors(folder_ / "x", {make_weight("x", {1000}, counted(1000))}, {});
    weight = read_safetensors(folder_ / "x").tensors[0];
    std::filesystem::remove(folder_ / "x");
  }
  EXPECT_EQ(floats_of(weight), counted(1000));
}

TEST_F(SafetensorsTest, CopiesWhatIsNotAligned) {
  // A header of 59 bytes puts the data at byte 67.
  const std::string header = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  std::string file = file_with(header + std::string(59 - header.size(), ' '), 0);
  file += std::string("\0\0\x80\x3F", 4);
  write_bytes(folder_ / "x", file);
  EXPECT_THAT(floats_of(read_safetensors(folder_ / "x").tensors[0]), ElementsAre(1));
}

TEST_F(SafetensorsTest, RefusesATypeThatTheFormatOfOursDoesNotHold) {
  EXPECT_THROW(
      write_safetensors(folder_ / "x", {weight_of<char>("x", ElementType::kOther, {1}, {1})}, {}),
      Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
}

TEST_F(SafetensorsTest, TensorsOfEveryOtherTypeAreListedWithItsName) {
  // Those of safetensors 0.6, and one that is yet to come. Two numbers of 4 bits take a byte.
  for (const char* type : {"F8_E4M3", "F8_E5M2", "F8_E8M0", "U16", "U32", "U64", "C64", "F4",
                           "F6_E2M3", "F6_E3M2", "I4"}) {
    write_bytes(
        folder_ / "x",
        file_with(concat(R"({"odd":{"dtype":")", type, R"(","shape":[2,3],"data_offsets":[0,4]},)",
                         R"("x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"),
                  8));
    const Weights tensors = read_safetensors(folder_ / "x").tensors;
    ASSERT_EQ(tensors.size(), 2U);
    EXPECT_EQ(tensors[0].type, ElementType::kOther);
    EXPECT_EQ(type_text(tensors[0]), type);
    EXPECT_THAT(floats_of(tensors[1]), ElementsAre(0));
  }
}

TEST_F(SafetensorsTest, IntegersAndBooleansAreWrittenAndRead) {
  const Weights tensors = {weight_of<std::int32_t>("a", ElementType::kInt32, {2}, {7, -8}),
                           weight_of<std::int16_t>("b", ElementType::kInt16, {1}, {-1}),
                           weight_of<std::int8_t>("c", ElementType::kInt8, {1}, {-1}),
                           weight_of<std::uint8_t>("d", ElementType::kUInt8, {1}, {255}),
                           weight_of<char>("e", ElementType::kBool, {3}, {1, 0, 1})};
  write_safetensors(folder_ / "x", tensors, {});
  const Weights back = read_safetensors(folder_ / "x").tensors;
  ASSERT_EQ(back.size(), tensors.size());
  for (std::size_t i = 0; i < back.size(); ++i)
    EXPECT_TRUE(is_same(back[i], tensors[i])) << back[i].name;
}

TEST_F(SafetensorsTest, RefusesMetadataThatIsNotUtf8) {
  EXPECT_THAT(input_error([&] { write_safetensors(folder_ / "x", {}, {{"k", "\xFF"}}); }),
              HasSubstr("not valid UTF-8"));
}

struct BadHeader {
  const char* header;
  std::size_t data_bytes;
  const char* message;
};

class SafetensorsErrorTest : public FolderTest, public ::testing::WithParamInterface<BadHeader> {};

TEST_P(SafetensorsErrorTest, NamesFileAndTensor) {
  write_bytes(folder_ / "bad.safetensors", file_with(GetParam().header, GetParam().data_bytes));
  const std::string message = input_error([&] { read_safetensors(folder_ / "bad.safetensors"); });
  EXPECT_THAT(message, HasSubstr("bad.safetensors: "));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Headers,
    SafetensorsErrorTest,
    ::testing::Values(
        BadHeader{"{", 0, "header is not valid JSON"},
        BadHeader{"[]", 0, "header: cannot be an array"},
        BadHeader{R"({"x":1})", 0, "x: cannot be a number"},
        BadHeader{R"({"x":{"shape":[],"data_offsets":[0,4]}})", 4, "tensor x: dtype is missing"},
        BadHeader{R"({"x":{"dtype":"F32","data_offsets":[0,4]}})", 4, "tensor x: shape is missing"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1]}})", 4,
                  "tensor x: data_offsets must be two numbers"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4,
                  "tensor x: data_offsets must be two numbers"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", 4,
                  "tensor x: has an unknown key: more"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}})", 4,
                  "tensor x: duplicate key: shape"},
        BadHeader{R"({"x":{"dtype":"I8","shape":[1],"data_offsets":[0,4]}})", 4,
                  "tensor x: shape takes 1 bytes, the offsets say 4"},
        BadHeader{R"({"x":{"dtype":"F4","shape":[1],"data_offsets":[0,8]}})", 4,
                  "tensor x: bytes 0 to 8 are outside of the data of 4 bytes"},
        BadHeader{R"({"x":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})", 4,
                  "tensor x: dtype: cannot be a number"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4,
                  "tensor x: shape: cannot be a negative number"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", 4,
                  "tensor x: shape: cannot be an array"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}})", 4,
                  "tensor x: shape is too large"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                  0, "tensor x: shape is too large"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
                  "tensor x: shape takes 8 bytes, the offsets say 4"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4,
                  "tensor x: bytes 4 to 0 are outside of the data of 4 bytes"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4,
                  "tensor x: bytes 0 to 8 are outside of the data of 4 bytes"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
                  "tensor x: does not follow the tensor before it: begins at byte 4, expected 0"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                      "y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                  4, "tensor y: overlaps the tensor before it: begins at byte 0, expected 4"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                      "x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                  8, "tensor x: duplicate name"},
        BadHeader{R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5,
                  "1 bytes after the last tensor belong to none"},
        BadHeader{R"({"__metadata__":{"a":1}})", 0, "a: cannot be a number"},
        BadHeader{R"({"__metadata__":{"a":"1","a":"2"}})", 0, "__metadata__: duplicate key: a"},
        BadHeader{R"({"__metadata__":{},"__metadata__":{}})", 0, "duplicate __metadata__"}));

TEST_F(SafetensorsTest, RefusesAHeaderLongerThanTheFile) {
  write_bytes(folder_ / "x", std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F{}", 10));
  EXPECT_THAT(input_error([&] { read_safetensors(folder_ / "x"); }),
              HasSubstr("header of 9223372036854775807 bytes in 2 that follow"));
}

TEST_F(SafetensorsTest, RefusesMoreDimensionsThanTorchIsUsedTo) {
  std::string shape = "1";
  for (int i = 0; i < 64; ++i)
    shape += ",1";
  write_bytes(
      folder_ / "x",
      file_with(R"({"x":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[0,4]}})", 4));
  EXPECT_THAT(input_error([&] { read_safetensors(folder_ / "x"); }),
              HasSubstr("tensor x: has more than 64 dimensions"));
}

TEST_F(SafetensorsTest, SurvivesEveryCutAndAnyFlippedByte) {
  expect_survives_damage(read_file(golden("mixed.safetensors")), 1, 20'000,
                         [](const std::string& bytes) {
                           const auto owner = std::make_shared<const std::string>(bytes);
                           volatile unsigned sum = 0;
                           for (const Weight& each : parse_safetensors(*owner, {owner}).tensors) {
                             for (const char byte : each.bytes)
                               sum = sum + static_cast<unsigned char>(byte);
                           }
                         });
}

}  // namespace
}  // namespace sbert
