#include <functional>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/checkpoint/model_folder.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

constexpr auto kSentenceTransformers = ModelFormat::kSentenceTransformers;

class ModelOutputTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    place_ = folder_ / "model";
  }
  void make(const std::string& name, const std::string& text = "precious") {
    fs::create_directories((place_ / name).parent_path());
    write_bytes(place_ / name, text);
  }
  void save(ModelFormat format) { save_model(model_, place_, format); }
  std::string refusal() {
    return message_of(ErrorKind::kUsage, [&] { save(kSentenceTransformers); });
  }

  const TextModel model_ = load_model(golden("hf"));
  fs::path place_;
};

TEST_F(ModelOutputTest, AnEmptyFolderBecomesTheModel) {
  fs::create_directories(place_);
  save(kSentenceTransformers);
  EXPECT_EQ(detect_model_format(place_), kSentenceTransformers);
}

TEST_F(ModelOutputTest, AModelOfOursIsReplacedWithAllItsFiles) {
  TextModel cls = model_;
  cls.head = {.pooling = Pooling::kCls, .dense = {}, .normalizes = true};
  save_model(cls, place_, kSentenceTransformers);
  EXPECT_TRUE(fs::exists(place_ / "2_Normalize"));
  save(ModelFormat::kHuggingFace);
  EXPECT_EQ(detect_model_format(place_), ModelFormat::kHuggingFace);
  for (const char* name : {"modules.json", "1_Pooling", "2_Normalize", "README.md"})
    EXPECT_FALSE(fs::exists(place_ / name)) << name;
  save(kSentenceTransformers);
  EXPECT_EQ(load_model(place_).head.pooling, Pooling::kMean);
}

TEST_F(ModelOutputTest, OtherFilesAreRefusedByNameAndStay) {
  for (const char* name : {"notes.txt", ".git/HEAD", "pytorch_model.bin", "1_Pooling/notes.txt",
                           "onnx/model.onnx", "deep/config.json", ".hidden"}) {
    fs::remove_all(place_);
    save(kSentenceTransformers);
    make(name);
    const std::string message = refusal();
    EXPECT_THAT(message, HasSubstr("model: holds files that this program did not write; "));
    EXPECT_THAT(message, HasSubstr("--overwrite"));
    EXPECT_THAT(message, EndsWith(concat(": ", name)));
    EXPECT_EQ(read_file(place_ / name), "precious");
  }
}

TEST_F(ModelOutputTest, AModelOfOthersIsRefused) {
  fs::copy(golden("hf"), place_);
  EXPECT_THAT(refusal(), HasSubstr("model: holds a model that this program did not write; "));
  EXPECT_TRUE(is_same(read_safetensors(place_ / "model.safetensors").tensors.at(0),
                      read_safetensors(golden("hf/model.safetensors")).tensors.at(0)));

  fs::remove_all(place_);
  make("config.json");
  EXPECT_THAT(refusal(), HasSubstr("holds a model that this program did not write"));
  fs::remove_all(place_);
  save(kSentenceTransformers);
  make("README.md", "# Mine");
  EXPECT_THAT(refusal(), EndsWith(": README.md"));
}

TEST_F(ModelOutputTest, OverwritingReplacesTheModelAndKeepsAllElse) {
  fs::copy(golden("hf"), place_);
  make("README.md", "# Mine");
  make("notes/a.txt");
  fs::create_symlink("notes/a.txt", place_ / "link");
  save_model(load_model(place_), place_, {.overwrites = true});
  EXPECT_EQ(detect_model_format(place_), kSentenceTransformers);
  EXPECT_EQ(read_file(place_ / "README.md"), "# Mine");
  EXPECT_EQ(read_file(place_ / "notes/a.txt"), "precious");
  EXPECT_EQ(read_file(place_ / "link"), "precious");
  EXPECT_EQ(load_model(place_).weights.size(), model_.weights.size());
}

TEST_F(ModelOutputTest, ALinkToAFolderIsFollowed) {
  save(kSentenceTransformers);
  fs::create_directory_symlink(place_, folder_ / "link");
  save_model(model_, folder_ / "link", ModelFormat::kHuggingFace);
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(detect_model_format(place_), ModelFormat::kHuggingFace);
}

TEST_F(ModelOutputTest, WhatIsWrittenCanBeLoadedBeforeItIsPutInPlace) {
  make("notes.txt");
  for (const char* name : {"model", "x.nemo"}) {
    const ModelFormat format =
        name == std::string("x.nemo") ? ModelFormat::kNemo : kSentenceTransformers;
    {
      ModelOutput output(folder_ / name, {.format = format, .overwrites = true});
      output.write(model_);
      EXPECT_EQ(load_model(output.temporary()).encoder, model_.encoder);
    }
    EXPECT_FALSE(fs::exists(folder_ / "x.nemo"));
    EXPECT_FALSE(fs::exists(place_ / "config.json"));
  }
}

TEST_F(ModelOutputTest, AFormHoldsWhatIsReadBackFromIt) {
  TextModel model = model_;
  model.head = {.pooling = Pooling::kCls, .dense = {}, .normalizes = false};
  model.card.prompts = {{"query", "q: "}};
  model.card.max_length = 17;
  for (const ModelFormat format :
       {ModelFormat::kNemo, ModelFormat::kHuggingFace, kSentenceTransformers}) {
    const fs::path path = folder_ / concat("as ", static_cast<int>(format));
    save_model(model, path, format);
    const TextModel back = load_model(path);
    const TextModel held = as_held_by(format, model);
    EXPECT_EQ(held.head.pooling, back.head.pooling);
    EXPECT_EQ(held.head.normalizes, back.head.normalizes);
    EXPECT_EQ(held.card.prompts, back.card.prompts);
    EXPECT_EQ(held.card.max_length, back.card.max_length);
  }
}

}  // namespace
}  // namespace sbert
