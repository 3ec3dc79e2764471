#include "sbert/checkpoint/weight_files.h"

#include <string>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/torch_zip.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 90868376\n";
constexpr const char* kPage = "<!DOCTYPE html>\n<html><body>404</body></html>\n";

class WeightFilesTest : public FolderTest {
 protected:
  std::string refusal(const std::string& name, const std::string& bytes) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_bytes(folder_ / name, bytes);
    const std::string message = input_error([&] { read_folder_weights(folder_); });
    EXPECT_THAT(message, testing::StartsWith((folder_ / name).native() + ": "));
    return message;
  }
};

TEST_F(WeightFilesTest, TheFormIsToldByTheContent) {
  fs::copy(golden("hf/model.safetensors"), folder_ / "pytorch_model.bin");
  const std::size_t count = read_folder_weights(folder_).size();
  EXPECT_GT(count, 20U);
  fs::copy(golden("hf_bin/pytorch_model.bin"), folder_ / "model.safetensors");
  EXPECT_NE(read_folder_weights(folder_).size(), 0U);
  fs::copy(golden("torch/old_form.pt"), folder_ / "model.safetensors",
           fs::copy_options::overwrite_existing);
  EXPECT_THAT(read_folder_weights(folder_), SizeIs(1));
}

TEST_F(WeightFilesTest, WhatIsNoFileOfWeightsIsNamed) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    EXPECT_THAT(refusal(name, kPointer), HasSubstr("is a pointer of Git LFS"));
    EXPECT_THAT(refusal(name, kPage), HasSubstr("is an HTML or XML page"));
  }
  EXPECT_THAT(refusal("model.safetensors.index.json", kPointer), HasSubstr("pointer of Git LFS"));
  EXPECT_THAT(refusal("pytorch_model.bin", "\x89HDF\r\n\x1a\n..."), HasSubstr("an HDF5 file"));
  EXPECT_THAT(refusal("pytorch_model.bin", ""), EndsWith("but empty"));
  EXPECT_THAT(refusal("pytorch_model.bin", "Entry not found"), EndsWith("but text"));
  EXPECT_THAT(refusal("model.safetensors", "Entry not found"), HasSubstr("not a safetensors file"));
}

class StandInsTest : public WeightFilesTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(StandInsTest, OfEveryFileOfAModelIsRefusedByName) {
  const fs::path model = folder_ / "st";
  save_model(load_model(golden("hf")), model, ModelFormat::kSentenceTransformers);
  for (const char* bytes : {kPointer, kPage}) {
    write_bytes(model / GetParam(), bytes);
    const std::string message = input_error([&] { load_model(model); });
    const std::string name = (model / GetParam()).native();
    EXPECT_THAT(message, HasSubstr(name + ": is a"));
    EXPECT_THAT(message, Not(HasSubstr(name + ": " + name)));
  }
}

INSTANTIATE_TEST_SUITE_P(Files,
                         StandInsTest,
                         ::testing::Values("config.json",
                                           "modules.json",
                                           "model.safetensors",
                                           "vocab.txt",
                                           "tokenizer_config.json",
                                           "1_Pooling/config.json",
                                           "sentence_bert_config.json",
                                           "config_sentence_transformers.json"),
                         [](const auto& file) { return concat("File", file.index); });

TEST_F(WeightFilesTest, AnArchiveThatIsNoneIsNamed) {
  for (const char* bytes : {kPointer, kPage}) {
    write_bytes(folder_ / "x.nemo", bytes);
    EXPECT_THAT(input_error([&] { load_model(folder_ / "x.nemo"); }), HasSubstr("x.nemo: is a"));
  }
  fs::copy(golden("torch/protocol5.pt"), folder_ / "weights.pt");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "weights.pt"); }), EndsWith("a zip file"));
}

TEST_F(WeightFilesTest, AFileOfAModelFolderStandsForTheFolder) {
  const fs::path model = folder_ / "st";
  TextModel cls = load_model(golden("hf"));
  cls.head.pooling = Pooling::kCls;
  save_model(cls, model, ModelFormat::kSentenceTransformers);
  for (const char* name : {"config.json", "model.safetensors", "modules.json"}) {
    EXPECT_EQ(detect_model_format(model / name), ModelFormat::kSentenceTransformers);
    EXPECT_EQ(load_model(model / name).head.pooling, Pooling::kCls) << name;
  }
  write_bytes(model / "pytorch_model.bin", "other weights");
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { load_model(model / "pytorch_model.bin"); }),
              HasSubstr("the weights of its folder are read from model.safetensors"));
}

TEST_F(WeightFilesTest, AMissingFileIsAnErrorOfTheModel) {
  const fs::path model = folder_ / "st";
  for (const char* name :
       {"config.json", "1_Pooling/config.json", "vocab.txt", "model.safetensors"}) {
    fs::remove_all(model);
    save_model(load_model(golden("hf")), model, ModelFormat::kSentenceTransformers);
    fs::remove(model / name);
    EXPECT_NE(input_error([&] { load_model(model); }), "") << name;
  }
}

// The tiny model with a tensor more, of a type that no encoder has.
TEST_F(WeightFilesTest, TypesMatterOnlyOfTensorsThatAreWanted) {
  const fs::path model = folder_ / "hf";
  fs::copy(golden("hf"), model);
  const Weights tensors = read_safetensors(golden("hf/model.safetensors")).tensors;
  const std::vector<std::pair<ElementType, std::int64_t>> types{
      {ElementType::kBool, 1},  {ElementType::kInt8, 1},  {ElementType::kUInt8, 1},
      {ElementType::kInt16, 2}, {ElementType::kInt32, 4}, {ElementType::kInt64, 8}};
  for (const auto& [type, size] : types) {
    for (const char* name : {"embeddings.position_ids", "pooler.scale", "cls.mask"}) {
      Weights more = tensors;
      WeightBuffer odd(name, type, {3});
      odd.bytes()[0] = 1;
      more.push_back(std::move(odd).take());
      write_safetensors(model / "model.safetensors", more, {{"format", "pt"}});
      EXPECT_NO_THROW(load_model(model)) << name << " " << element_type_name(type);
    }
  }
}

// gamma and beta, as in google-bert/bert-base-uncased, with a head and a prefix.
TEST_F(WeightFilesTest, TheNamesOfOlderCheckpointsAreRead) {
  const TextModel expected = load_model(golden("hf"));
  Weights old = read_safetensors(golden("hf/model.safetensors")).tensors;
  const auto renamed = [](std::string name, const std::string& from, const std::string& to) {
    if (name.ends_with(from)) name.replace(name.size() - from.size(), from.size(), to);
    return "bert." + name;
  };
  for (Weight& each : old) {
    const bool is_weight = each.name.ends_with("LayerNorm.weight");
    each.name = is_weight ? renamed(each.name, "LayerNorm.weight", "LayerNorm.gamma")
                          : renamed(each.name, "LayerNorm.bias", "LayerNorm.beta");
  }
  old.push_back(make_weight("cls.predictions.transform.LayerNorm.gamma", {2}, {1, 1}));
  for (const bool is_safetensors : {true, false}) {
    const fs::path model = folder_ / concat("as ", is_safetensors);
    fs::copy(golden("hf"), model);
    if (is_safetensors) {
      write_safetensors(model / "model.safetensors", old, {{"format", "pt"}});
    } else {
      std::string bytes;
      write_torch_zip(old, [&](std::string_view part) { bytes += part; });
      fs::remove(model / "model.safetensors");
      write_bytes(model / "pytorch_model.bin", bytes);
    }
    const TextModel model_read = load_model(model);
    ASSERT_EQ(model_read.weights.size(), expected.weights.size());
    for (std::size_t i = 0; i < expected.weights.size(); ++i)
      EXPECT_TRUE(is_same(model_read.weights[i], expected.weights[i])) << expected.weights[i].name;
  }
}

}  // namespace
}  // namespace sbert
