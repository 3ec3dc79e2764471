#include "sbert/checkpoint/torch_zip.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/zip_reader.h"
#include "sbert/checkpoint/zip_writer.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Weights read_bytes(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  return read_torch_zip(*owner, {owner});
}

Weights read_golden(const std::string& name) {
  return read_bytes(read_file(golden("torch/" + name)));
}

std::string written(const Weights& tensors) {
  std::string bytes;
  write_torch_zip(tensors, [&](std::string_view part) { bytes += part; });
  return bytes;
}

TEST(TorchZip, ReadsEveryTypeAndViewThatPythonWrote) {
  const Weights tensors = read_golden("views.pt");
  const auto values = [&](const std::string& name) { return floats_of(find(tensors, name)); };
  EXPECT_EQ(values("whole"), counted(24));
  EXPECT_EQ(values("tail"), counted(4, 20));
  EXPECT_THAT(find(tensors, "transposed").shape, ElementsAre(6, 4));
  std::vector<float> transposed;
  for (int column = 0; column < 6; ++column) {
    for (int row = 0; row < 4; ++row)
      transposed.push_back(static_cast<float>(6 * row + column));
  }
  EXPECT_EQ(values("transposed"), transposed);
  EXPECT_THAT(values("column"), ElementsAre(2, 8, 14, 20));
  EXPECT_THAT(find(tensors, "expanded").shape, ElementsAre(2, 3));
  EXPECT_THAT(values("expanded"), ElementsAre(3, 3, 3, 3, 3, 3));
  EXPECT_EQ(find(tensors, "half").type, ElementType::kFloat16);
  EXPECT_THAT(values("half"), ElementsAre(0.5, -2));
  EXPECT_EQ(find(tensors, "bfloat16").type, ElementType::kBFloat16);
  EXPECT_THAT(values("bfloat16"), ElementsAre(1, 256));
  EXPECT_TRUE(
      is_same(find(tensors, "double"), weight_of<double>("", ElementType::kFloat64, {1}, {0.1})));
  EXPECT_TRUE(is_same(find(tensors, "int64"),
                      weight_of<std::int64_t>("", ElementType::kInt64, {2}, {1LL << 40, -1})));
  EXPECT_TRUE(
      is_same(find(tensors, "scalar"), weight_of<float>("", ElementType::kFloat32, {}, {3.5F})));
  EXPECT_THAT(find(tensors, "empty").shape, ElementsAre(0, 4));
  EXPECT_EQ(find(tensors, "tail").bytes.data(), find(tensors, "whole").bytes.data() + 80)
      << "views of the same bytes";
}

TEST(TorchZip, ReadsTheStateDictOfAModule) {
  const Weights tensors = read_golden("module.pt");
  EXPECT_TRUE(is_same(find(tensors, "linear.weight"),
                      weight_of("", ElementType::kFloat32, {2, 3}, counted(6))));
  EXPECT_TRUE(is_same(find(tensors, "linear.bias"),
                      weight_of("", ElementType::kFloat32, {2}, counted(2, 6))));
}

TEST(TorchZip, ReadsParametersAndLeavesPlainValuesOut) {
  const Weights tensors = read_golden("parameter.pt");
  EXPECT_EQ(tensors.size(), 1U);
  EXPECT_THAT(floats_of(find(tensors, "weight")), ElementsAre(1, 2));
}

TEST(TorchZip, ReadsProtocols3To5) {
  for (const int protocol : {3, 4, 5}) {
    EXPECT_THAT(floats_of(find(read_golden(concat("protocol", protocol, ".pt")), "x")),
                ElementsAre(1, 2, 3))
        << protocol;
  }
}

TEST(TorchZip, WritesWhatItReads) {
  const Weights tensors = {
      weight_of("b", ElementType::kFloat32, {3, 2}, counted(6)),
      weight_of<std::int64_t>("a", ElementType::kInt64, {2}, {1LL << 40, -1}),
      weight_of<double>("scalar", ElementType::kFloat64, {}, {2.0}),
      weight_of<std::uint16_t>("none", ElementType::kFloat16, {3, 0}, {}),
      weight_of("brain", ElementType::kBFloat16, {300, 233},
                std::vector<std::uint16_t>(300 * 233, to_bfloat16_bits(1.5F)))};
  const std::string bytes = written(tensors);
  const Weights back = read_bytes(bytes);
  ASSERT_EQ(back.size(), tensors.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].name, tensors[i].name);
    EXPECT_TRUE(is_same(back[i], tensors[i])) << back[i].name;
  }
  EXPECT_EQ(written(tensors), bytes) << "the same tensors give the same bytes";
}

TEST(TorchZip, HandsOnTheErrorOfItsSink) {
  const Weights tensors = {make_weight("x", {1000}, counted(1000))};
  int calls = 0;
  EXPECT_THROW(write_torch_zip(tensors,
                               [&](std::string_view) {
                                 if (++calls == 3) fail(ErrorKind::kIo, "disk is full");
                               }),
               Error);
}

TEST(TorchZip, RunsNothingAndNamesTheFunction) {
  EXPECT_THAT(input_error([] { read_golden("evil.pt"); }), HasSubstr("posix system"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/sbert_pickle_was_run"));
}

TEST(TorchZip, RefusesCompressedMembers) {
  EXPECT_THAT(input_error([] { read_golden("compressed.pt"); }),
              HasSubstr("member archive/data.pkl is compressed"));
}

TEST(TorchZip, ComparesChecksums) {
  std::string bytes = read_file(golden("torch/protocol5.pt"));
  const std::string one("\0\0\x80\x3f", 4);  // the 1.0 of [1, 2, 3]
  const std::size_t at = bytes.find(one);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 1;
  EXPECT_THAT(input_error([&] { read_bytes(bytes); }),
              HasSubstr("tensor x: member archive/data/0 is damaged: its checksum is "));
}

TEST(TorchZip, RefusesStridesThatMakeMuchOfLittle) {
  std::string pickle = write_pickled_state_dict({{.name = "x",
                                                  .storage = "0",
                                                  .storage_elements = 1,
                                                  .shape = {1 << 20, 1 << 20},
                                                  .strides = {0, 0}}});
  std::string bytes;
  ZipWriter writer([&](std::string_view part) { bytes += part; });
  writer.add("archive/data.pkl", pickle);
  writer.add("archive/data/0", "1234");
  writer.finish();
  EXPECT_THAT(input_error([&] { read_bytes(bytes); }),
              HasSubstr("tensor x: its strides repeat the 1 elements of its storage too often"));
}

TEST(TorchZip, RefusesCopiesThatTakeFarMoreThanTheFile) {
  // Transposed views of one storage of 4 MiB: 20 and the 64 MiB of small files are allowed, not 24.
  std::vector<PickledTensor> tensors;
  for (int i = 0; i < 24; ++i) {
    tensors.push_back({.name = concat("x", i),
                       .storage = "0",
                       .storage_elements = 1 << 20,
                       .shape = {1 << 10, 1 << 10},
                       .strides = {1, 1 << 10}});
  }
  const auto zip_of = [&] {
    std::string bytes;
    ZipWriter writer([&](std::string_view part) { bytes += part; });
    writer.add("archive/data.pkl", write_pickled_state_dict(tensors));
    writer.add("archive/data/0", std::string(4 << 20, '\0'));
    writer.finish();
    return bytes;
  };
  EXPECT_THAT(input_error([&] { read_bytes(zip_of()); }),
              HasSubstr("tensor x20: tensors are made of the same bytes too often"));
  for (PickledTensor& each : tensors)
    each.strides = {1 << 10, 1};
  EXPECT_EQ(read_bytes(zip_of()).size(), tensors.size()) << "views take nothing";
}

TEST(TorchZip, HasANumberOfItsContentAsTorchDoes) {
  const auto number = [](float value) {
    const std::string bytes = written({make_weight("x", {1}, {value})});
    return std::string(read_zip(bytes).at("archive/.data/serialization_id").bytes);
  };
  EXPECT_THAT(number(1), MatchesRegex("[0-9]+"));
  EXPECT_EQ(number(1).size(), 40U);
  EXPECT_EQ(number(1), number(1));
  EXPECT_NE(number(1), number(2));
}

TEST(TorchZip, RefusesWhatIsNoZip) {
  EXPECT_THAT(input_error([] { read_bytes("hello"); }), HasSubstr("not a zip file"));
  EXPECT_THAT(input_error([] { read_bytes(std::string(1000, 'x')); }), HasSubstr("no end record"));
}

TEST(TorchZip, SurvivesEveryCutAndAnyFlippedByte) {
  const auto read_and_use = [](const std::string& bytes) {
    for (const Weight& each : read_bytes(bytes)) {
      volatile unsigned sum = 0;
      for (const char byte : each.bytes)
        sum = sum + static_cast<unsigned char>(byte);
    }
  };
  expect_survives_damage(read_file(golden("torch/views.pt")), 1, 20'000, read_and_use);
  expect_survives_damage(read_file(golden("torch/protocol5.pt")), 1, 20'000, read_and_use);
}

}  // namespace
}  // namespace sbert
