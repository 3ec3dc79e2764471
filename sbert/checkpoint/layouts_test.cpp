// The tiny model in every layout that make_layouts.py wrote, against the embeddings of Hugging
// Face.

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/tar_archive.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/torch_dist.h"
#include "sbert/checkpoint/weight_files.h"
#include "sbert/data/packed_batch.h"
#include "sbert/model/cpu_encoder.h"
#include "sbert/model/cpu_head.h"

namespace sbert {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kTexts = {"the cat sat on the mat", "query: hello world",
                                         "a vector search model 3.14, and text of trained cats"};

std::vector<float> embeddings(const TextModel& model) {
  const WorkerPool pool(1);
  const CpuEncoder encoder(model.encoder, model.weights, CpuPrecision::kFloat32, pool);
  const CpuHead head(model.head, model.encoder.width);
  std::vector<std::vector<std::int32_t>> ids;
  for (const std::string& text : kTexts)
    ids.push_back(model.tokenizer.encode(text, model.card.max_length));
  const PackedBatch batch = pack(ids);
  std::vector<float> hidden(static_cast<std::size_t>(batch.num_tokens() * model.encoder.width));
  encoder.forward(batch, hidden.data());
  std::vector<float> rows(ids.size() * static_cast<std::size_t>(head.width()));
  head.apply(hidden.data(), batch, rows.data());
  return rows;
}

double difference_from_hugging_face(const TextModel& model) {
  const std::vector<float> expected =
      floats_of(read_safetensors(golden("layouts/expected.safetensors")).tensors.at(0));
  const std::vector<float> found = embeddings(model);
  EXPECT_EQ(found.size(), expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(found[i]) - expected[i]));
  return largest;
}

// A copy of the model's weight of this place with one value changed.
void set_value(TextModel& model, std::size_t weight, std::size_t element, float value) {
  std::vector<float> values = floats_of(model.weights.at(weight));
  values.at(element) = value;
  model.weights[weight] =
      make_weight(model.weights[weight].name, model.weights[weight].shape, std::move(values));
}

class LayoutTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LayoutTest, GivesTheEmbeddingsOfHuggingFace) {
  set_quiet(true);
  const std::string name = GetParam();
  const std::filesystem::path tokenizer = name.ends_with(".nemo") ? golden("hf") : "";
  const TextModel model = load_model(golden(name), WorkerPool(2), tokenizer);
  EXPECT_LT(difference_from_hugging_face(model), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Every,
                         LayoutTest,
                         ::testing::Values("hf",
                                           "hf_bin",
                                           "layouts/hf_sharded",
                                           "layouts/hf_bin_sharded",
                                           "layouts/st_old",
                                           "layouts/st_new",
                                           "legacy.nemo",
                                           "legacy_gzip.nemo",
                                           "interleaved_gzip.nemo",
                                           "layouts/core.nemo",
                                           "layouts/torch_dist.nemo"));

class LayoutsTest : public FolderTest {
 protected:
  void unpack(const std::filesystem::path& path, const std::filesystem::path& folder) {
    const TarArchive archive(path);
    for (const auto& [name, bytes] : archive.members()) {
      std::filesystem::create_directories((folder / name).parent_path());
      write_bytes(folder / name, std::string(bytes));
    }
  }
};

TEST_F(LayoutsTest, EachNemoFormIsWrittenAndReadBack) {
  const TextModel model = load_model(golden("hf"));
  for (const NemoForm form : {NemoForm::kBlocks, NemoForm::kInterleaved, NemoForm::kMegatronCore}) {
    save_model(model, folder_ / "x.nemo", {.format = ModelFormat::kNemo, .nemo_form = form});
    EXPECT_LT(difference_from_hugging_face(load_model(folder_ / "x.nemo")), 1e-6);
  }
}

TEST_F(LayoutsTest, WeightsKeepTheTypeOfTheFile) {
  const TextModel model = load_model(golden("hf"));
  for (const auto& [precision, type] : {std::pair{Precision::kBf16, ElementType::kBFloat16},
                                        std::pair{Precision::k16, ElementType::kFloat16}}) {
    save_model(model, folder_ / "x", {.precision = precision});
    const TextModel back = load_model(folder_ / "x");
    EXPECT_TRUE(std::ranges::all_of(back.weights,
                                    [&](const Weight& weight) { return weight.type == type; }));
    save_model(back, folder_ / "again", {.precision = precision});
    EXPECT_EQ(read_file(folder_ / "again/model.safetensors"),
              read_file(folder_ / "x/model.safetensors"));
  }
}

TEST_F(LayoutsTest, WritesWeightsIn16Bits) {
  const TextModel model = load_model(golden("hf"));
  for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kSentenceTransformers}) {
    // The tiny weights are exact in float16, and in bfloat16 to three digits.
    save_model(model, folder_ / "half", {.format = format, .precision = Precision::k16});
    EXPECT_LT(difference_from_hugging_face(load_model(folder_ / "half")), 1e-6);
    save_model(model, folder_ / "bf16", {.format = format, .precision = Precision::kBf16});
    EXPECT_LT(difference_from_hugging_face(load_model(folder_ / "bf16")), 2e-2);
    std::filesystem::remove_all(folder_ / "half");
    std::filesystem::remove_all(folder_ / "bf16");
  }
}

TEST_F(LayoutsTest, NamesWeightsThatAreTooLargeForHalf) {
  TextModel model = load_model(golden("hf"));
  set_value(model, 0, 3, 70'000);
  EXPECT_THAT(
      input_error([&] { save_model(model, folder_ / "x", {.precision = Precision::k16}); }),
      HasSubstr("too large for float16, use bf16 or 32: embeddings.word_embeddings.weight"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
}

TEST_F(LayoutsTest, ReadsAnUnpackedArchive) {
  unpack(golden("layouts/torch_dist.nemo"), folder_ / "nemo");
  EXPECT_EQ(detect_model_format(folder_ / "nemo"), ModelFormat::kNemo);
  EXPECT_LT(difference_from_hugging_face(load_model(folder_ / "nemo", WorkerPool(1), golden("hf"))),
            1e-6);
}

TEST_F(LayoutsTest, SaysWhichFileOfATorchDistCheckpointIsMissing) {
  unpack(golden("layouts/torch_dist.nemo"), folder_ / "nemo");
  std::filesystem::remove(folder_ / "nemo/model_weights/__0_1.distcp");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "nemo", WorkerPool(1), golden("hf")); }),
              HasSubstr("the file that holds a part of it is missing: __0_1.distcp; "));
  std::filesystem::remove(folder_ / "nemo/model_weights/.metadata");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "nemo", WorkerPool(1), golden("hf")); }),
              HasSubstr("archive has no member model_weights.ckpt"));
  write_bytes(folder_ / "nemo/model_weights/x.zarray", "");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "nemo", WorkerPool(1), golden("hf")); }),
              HasSubstr("in zarr form"));
}

TEST_F(LayoutsTest, SurvivesDamagedTorchDistMetadata) {
  const TarArchive archive(golden("layouts/torch_dist.nemo"));
  std::map<std::string, std::string_view> files;
  const std::string prefix = "model_weights/";
  for (const auto& [name, bytes] : archive.members()) {
    if (name.starts_with(prefix)) files[name.substr(prefix.size())] = bytes;
  }
  const std::string metadata(files.at(".metadata"));
  expect_survives_damage(metadata, 97, 300, [&](const std::string& damaged) {
    files[".metadata"] = damaged;
    read_torch_dist(files, {});
  });
}

TEST_F(LayoutsTest, NamesTheTensorsThatNoShardHolds) {
  const std::filesystem::path folder = folder_ / "hf";
  std::filesystem::copy(golden("layouts/hf_sharded"), folder);
  const std::filesystem::path index = folder / "model.safetensors.index.json";
  const std::string before = read_file(index);
  const auto refusal = [&](const std::string& text) {
    write_bytes(index, text);
    return input_error([&] { read_folder_weights(folder); });
  };
  EXPECT_THAT(refusal(R"({"weight_map": {"lost.a": "model-00001-of-00002.safetensors"}})"),
              HasSubstr("index.json: no file holds the tensors: lost.a"));
  EXPECT_THAT(refusal(R"({"weight_map": {"a": "../x"}})"),
              HasSubstr("weight_map: must be a file of this folder: ../x"));
  EXPECT_THAT(refusal(R"({"weight_map": {"a": "x"}})"), HasSubstr("it names is missing: x"));
  EXPECT_THAT(refusal(R"({"weight_map": {"a": 1}})"), HasSubstr("must be a file name: a"));
  EXPECT_THAT(refusal(R"({"weight_map": {}})"), HasSubstr("weight_map names no file"));
  EXPECT_THAT(refusal("{}"), HasSubstr("weight_map must be an object"));
  write_bytes(index, before);
  std::filesystem::copy(folder / "model-00001-of-00002.safetensors",
                        folder / "model-00002-of-00002.safetensors",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(input_error([&] { read_folder_weights(folder); }),
              HasSubstr("the tensor is in another file too: embeddings."));
}

std::string warnings_of(const std::function<void()>& work) {
  ::testing::internal::CaptureStderr();
  work();
  return ::testing::internal::GetCapturedStderr();
}

TEST_F(LayoutsTest, WarnsOfNanAndInfinityByName) {
  TextModel model = load_model(golden("hf"));
  set_value(model, 0, 3, NAN);
  set_value(model, 4, 0, INFINITY);
  save_model(model, folder_ / "x", ModelFormat::kSentenceTransformers);
  EXPECT_THAT(warnings_of([&] { load_model(folder_ / "x"); }),
              HasSubstr(concat("weights hold NaN or infinity: ", model.weights[0].name, ", ",
                               model.weights[4].name)));
  EXPECT_EQ(warnings_of([&] { load_model(golden("hf")); }), "");
}

TEST_F(LayoutsTest, SaysWhichSettingsAHuggingFaceFolderLoses) {
  TextModel model = load_model(golden("hf"));
  EXPECT_EQ(warnings_of([&] { save_model(model, folder_ / "x", ModelFormat::kHuggingFace); }), "");
  model.head = {.pooling = Pooling::kCls, .dense = {}, .normalizes = false};
  model.card.prompts = {{"query", "q: "}};
  model.card.similarity = Similarity::kDot;
  model.card.max_length = 17;
  EXPECT_THAT(warnings_of([&] { save_model(model, folder_ / "x", ModelFormat::kHuggingFace); }),
              HasSubstr("pooling (cls), that embeddings are not normalized, prompt query, "
                        "similarity (dot), max_seq_length (17)"));
}

}  // namespace
}  // namespace sbert
