#include "sbert/checkpoint/torch_legacy.h"

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::string_literals::operator""s;

Weights read_bytes(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  return read_torch_legacy(*owner, {owner});
}

std::string number(std::int64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

const std::string kBeginning =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s
    "\x80\x02M\xe9\x03."s
    "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."s;

// Two storages of which "a" begins at an odd byte: one view of the first, one of the second.
std::string two_storages() {
  const std::string dict = write_pickled_state_dict({{.name = "x",
                                                      .storage = "7",
                                                      .storage_elements = 3,
                                                      .storage_offset = 1,
                                                      .shape = {2},
                                                      .strides = {1}},
                                                     {.name = "y",
                                                      .type = ElementType::kFloat64,
                                                      .storage = "a",
                                                      .storage_elements = 1,
                                                      .shape = {},
                                                      .strides = {}}});
  const std::vector<float> first{1, 2, 3};
  const double second = 0.25;
  return concat(kBeginning, dict, "\x80\x02](X\x01\x00\x00\x00"s, "7X\x01\x00\x00\x00"s, "ae.",
                number(3), std::string(reinterpret_cast<const char*>(first.data()), 12), number(1),
                std::string(reinterpret_cast<const char*>(&second), 8));
}

TEST(TorchLegacy, ReadsWhatTorchWrote) {
  const std::string bytes = read_file(golden("torch/old_form.pt"));
  EXPECT_TRUE(is_torch_legacy(bytes));
  EXPECT_FALSE(is_torch_legacy(read_file(golden("torch/protocol5.pt"))));
  const Weights tensors = read_bytes(bytes);
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_TRUE(
      is_same(find(tensors, "x"), weight_of("", ElementType::kFloat32, {1}, counted(1, 1))));
}

TEST(TorchLegacy, ReadsViewsOfSeveralStorages) {
  const Weights tensors = read_bytes(two_storages());
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_THAT(floats_of(find(tensors, "x")), ElementsAre(2, 3));
  EXPECT_THAT(floats_of(find(tensors, "y")), ElementsAre(0.25));
}

TEST(TorchLegacy, SaysWhatIsWrong) {
  const auto refusal = [](const std::string& from, const std::string& to) {
    std::string bytes = two_storages();
    const std::size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos);
    return input_error([&] { read_bytes(bytes.replace(at, from.size(), to)); });
  };
  EXPECT_THAT(refusal("M\xe9\x03", "M\xe8\x03"), HasSubstr("version must be 1001: 1000"));
  EXPECT_THAT(refusal("endian\x88", "endian\x89"), HasSubstr("byte order is not little"));
  EXPECT_THAT(refusal(number(3), number(4)),
              HasSubstr("storage 7: should have 3 elements, but has 4"));
  EXPECT_THAT(refusal("\x00\x00\x00"s + "ae.", "\x00\x00\x00"s + "be."),
              HasSubstr("storage b: no tensor says what it holds"));
  const std::string whole = two_storages();
  EXPECT_THAT(input_error([&] { read_bytes(whole.substr(0, whole.size() - 1)); }),
              HasSubstr("storage a: cut off: needs 8 bytes"));
}

TEST(TorchLegacy, SurvivesEveryCutAndAnyFlippedByte) {
  for (const std::string& bytes : {read_file(golden("torch/old_form.pt")), two_storages()}) {
    expect_survives_damage(bytes, 1, 20'000, [](const std::string& damaged) {
      if (!is_torch_legacy(damaged)) fail(ErrorKind::kInput, "another form");
      for (const Weight& each : read_bytes(damaged)) {
        volatile unsigned sum = 0;
        for (const char byte : each.bytes)
          sum = sum + static_cast<unsigned char>(byte);
      }
    });
  }
}

}  // namespace
}  // namespace sbert
