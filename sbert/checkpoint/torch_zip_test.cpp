#include "sbert/checkpoint/torch_zip.h"

#include <map>
#include <memory>
#include <string>

#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NamedTensors read_bytes(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  return read_torch_zip(*owner, owner);
}

std::map<std::string, at::Tensor> read_golden(const std::string& name) {
  std::map<std::string, at::Tensor> tensors;
  for (NamedTensor& each : read_bytes(read_file(golden("torch/" + name)))) {
    tensors[each.name] = each.tensor;
  }
  return tensors;
}

std::string written(const NamedTensors& tensors) {
  std::string bytes;
  write_torch_zip(tensors, [&](std::string_view part) { bytes += part; });
  return bytes;
}

TEST(TorchZip, ReadsEveryTypeAndViewThatPythonWrote) {
  std::map<std::string, at::Tensor> tensors = read_golden("views.pt");
  const at::Tensor base = at::arange(24, at::kFloat);
  EXPECT_TRUE(at::equal(tensors["whole"], base));
  EXPECT_TRUE(at::equal(tensors["tail"], base.slice(0, 20)));
  EXPECT_TRUE(at::equal(tensors["transposed"], base.reshape({4, 6}).t()));
  EXPECT_TRUE(at::equal(tensors["column"], base.reshape({4, 6}).select(1, 2)));
  EXPECT_TRUE(at::equal(tensors["expanded"], at::full({2, 3}, 3.0F)));
  EXPECT_TRUE(at::equal(tensors["half"], at::tensor({0.5, -2.0}, at::kDouble).to(at::kHalf)));
  EXPECT_TRUE(
      at::equal(tensors["bfloat16"], at::tensor({1.0, 256.0}, at::kDouble).to(at::kBFloat16)));
  EXPECT_TRUE(at::equal(tensors["double"], at::tensor({0.1}, at::kDouble)));
  EXPECT_TRUE(at::equal(tensors["int64"], at::tensor({std::int64_t{1} << 40, std::int64_t{-1}})));
  EXPECT_TRUE(at::equal(tensors["scalar"], at::scalar_tensor(3.5, at::kFloat)));
  EXPECT_THAT(tensors["empty"].sizes(), ElementsAre(0, 4));
  EXPECT_EQ(tensors["tail"].data_ptr(), tensors["whole"].data_ptr<float>() + 20);
}

TEST(TorchZip, ReadsTheStateDictOfAModule) {
  std::map<std::string, at::Tensor> tensors = read_golden("module.pt");
  EXPECT_TRUE(at::equal(tensors["linear.weight"], at::arange(6, at::kFloat).reshape({2, 3})));
  EXPECT_TRUE(at::equal(tensors["linear.bias"], at::tensor({6.0F, 7.0F})));
}

TEST(TorchZip, ReadsParametersAndLeavesPlainValuesOut) {
  std::map<std::string, at::Tensor> tensors = read_golden("parameter.pt");
  EXPECT_EQ(tensors.size(), 1U);
  EXPECT_TRUE(at::equal(tensors["weight"], at::tensor({1.0F, 2.0F})));
}

TEST(TorchZip, ReadsProtocols3To5) {
  for (const int protocol : {3, 4, 5}) {
    EXPECT_TRUE(at::equal(read_golden(concat("protocol", protocol, ".pt"))["x"],
                          at::tensor({1.0F, 2.0F, 3.0F})))
        << protocol;
  }
}

TEST(TorchZip, WritesWhatItReads) {
  const NamedTensors tensors = {{"b", at::arange(6, at::kFloat).reshape({2, 3}).t()},
                                {"a", at::tensor({std::int64_t{1} << 40, std::int64_t{-1}})},
                                {"scalar", at::scalar_tensor(2.0, at::kDouble)},
                                {"none", at::empty({3, 0}, at::kHalf)},
                                {"brain", at::full({300, 70'000 / 300}, 1.5, at::kBFloat16)}};
  const std::string bytes = written(tensors);
  const NamedTensors back = read_bytes(bytes);
  ASSERT_EQ(back.size(), tensors.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].name, tensors[i].name);
    EXPECT_TRUE(at::equal(back[i].tensor, tensors[i].tensor)) << back[i].name;
  }
  EXPECT_EQ(written(tensors), bytes) << "the same tensors give the same bytes";
}

TEST(TorchZip, HandsOnTheErrorOfItsSink) {
  const NamedTensors tensors = {{"x", at::ones({1000})}};
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

TEST(TorchZip, SaysWhatToDoWithTheOldForm) {
  EXPECT_THAT(input_error([] { read_golden("old_form.pt"); }),
              HasSubstr("in the form before torch 1.6; load and save it again"));
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
  {
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, std::size_t size) {
      bytes.append(static_cast<const char*>(data), size);
      return size;
    });
    writer.writeRecord("data.pkl", pickle.data(), pickle.size());
    writer.writeRecord("data/0", "1234", 4);
    writer.writeEndOfFile();
  }
  EXPECT_THAT(input_error([&] { read_bytes(bytes); }),
              HasSubstr("tensor x: its strides repeat the 1 elements of its storage too often"));
}

TEST(TorchZip, RefusesWhatIsNoZip) {
  EXPECT_THAT(input_error([] { read_bytes("hello"); }), HasSubstr("not a zip file"));
  EXPECT_THAT(input_error([] { read_bytes(std::string(1000, 'x')); }), HasSubstr("no end record"));
}

TEST(TorchZip, SurvivesEveryCutAndAnyFlippedByte) {
  const auto read_and_use = [](const std::string& bytes) {
    // Elements that strides of 0 repeat are not counted in the file, so their number proves
    // nothing.
    for (const NamedTensor& each : read_bytes(bytes)) {
      if (each.tensor.numel() < 1'000'000) each.tensor.sum();
    }
  };
  expect_survives_damage(read_file(golden("torch/views.pt")), 1, 20'000, read_and_use);
  expect_survives_damage(read_file(golden("torch/protocol5.pt")), 1, 20'000, read_and_use);
}

}  // namespace
}  // namespace sbert
