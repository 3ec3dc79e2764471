#include "sbert/checkpoint/model_files.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/checkpoint/families/bert.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/tar_archive.h"
#include "sbert/checkpoint/tar_writer.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/torch_zip.h"
#include "sbert/model/parameter_specs.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// The names of parameters whose bytes differ.
std::vector<std::string> differing_parameters(const TextModel& a, const TextModel& b) {
  std::vector<std::string> names;
  EXPECT_EQ(a.weights.size(), b.weights.size());
  for (std::size_t i = 0; i < std::min(a.weights.size(), b.weights.size()); ++i) {
    if (!is_same(to_float32(a.weights[i]), to_float32(b.weights[i]))) {
      names.push_back(a.weights[i].name);
    }
  }
  return names;
}

// Weights of zeros, norms and all.
Weights zero_weights(const EncoderSpec& spec) {
  Weights weights;
  for (const ParameterSpec& parameter : parameter_specs(spec))
    weights.push_back(WeightBuffer(parameter.name, ElementType::kFloat32, parameter.shape).take());
  return weights;
}

class ModelFilesTest : public FolderTest {
 protected:
  TextModel saved_and_loaded(const TextModel& model, ModelFormat format) {
    const std::filesystem::path path = folder_ / "saved";
    std::filesystem::remove_all(path);
    save_model(model, path, format);
    EXPECT_EQ(detect_model_format(path), format);
    return load_model(path);
  }

  // The tiny model as a folder of its own, to be changed.
  std::filesystem::path copy_of(const char* name) {
    std::filesystem::copy(golden(name), folder_ / name);
    return folder_ / name;
  }
};

TEST_F(ModelFilesTest, ReadsEveryFormOfTheTinyModelToTheSameWeights) {
  const TextModel model = load_model(golden("hf"));
  EXPECT_EQ(model.encoder.width, 32);
  EXPECT_EQ(model.encoder.layers.at(0).feed_forward.width, 40);
  EXPECT_EQ(model.card.max_length, 32) << "model_max_length of tokenizer_config.json";
  EXPECT_EQ(model.head.pooling, Pooling::kMean);
  EXPECT_TRUE(model.head.normalizes);
  EXPECT_THAT(model.card.prompts, IsEmpty());

  // bert. prefix, float16, torch.save
  EXPECT_THAT(differing_parameters(load_model(golden("hf_bin")), model), IsEmpty());
  for (const char* name : {"legacy.nemo", "legacy_gzip.nemo", "interleaved_gzip.nemo"}) {
    const TextModel nemo = load_model(golden(name), WorkerPool(1), golden("hf"));
    EXPECT_THAT(differing_parameters(nemo, model), IsEmpty()) << name;
    EXPECT_EQ(nemo.encoder.embeddings, model.encoder.embeddings) << name;
    EXPECT_THAT(nemo.card.prompts,
                ElementsAre(Pair("passage", "passage: "), Pair("query", "query: ")));
  }
}

TEST_F(ModelFilesTest, WeightsAreViewsOfTheFileInTheOrderOfTheNetwork) {
  const Weights file = read_safetensors(golden("hf/model.safetensors")).tensors;
  const TextModel model = load_model(golden("hf"));
  const std::vector<ParameterSpec> specs = parameter_specs(model.encoder);
  ASSERT_EQ(model.weights.size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(model.weights[i].name, specs[i].name);
    EXPECT_EQ(model.weights[i].shape, specs[i].shape);
    EXPECT_TRUE(is_same(model.weights[i], find(file, specs[i].name))) << specs[i].name;
  }
}

TEST_F(ModelFilesTest, EveryFormIsReadBackToTheSameModel) {
  TextModel model = load_model(golden("hf"));
  const TokenizerFiles tokenizer = model.tokenizer.files();
  for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kHuggingFace,
                                   ModelFormat::kSentenceTransformers, ModelFormat::kHuggingFace}) {
    const TextModel back = saved_and_loaded(model, format);
    EXPECT_THAT(differing_parameters(model, back), IsEmpty());
    EXPECT_EQ(back.tokenizer.files(), tokenizer);
    EXPECT_EQ(back.card.max_length, 32);
    EXPECT_EQ(back.encoder, model.encoder);
  }
}

// Set SBERT_TEST_MODEL to a model folder whose weights are float32 in model.safetensors.
TEST_F(ModelFilesTest, RealModelKeepsItsBytesThroughEveryForm) {
  const char* path = std::getenv("SBERT_TEST_MODEL");
  if (path == nullptr) GTEST_SKIP() << "SBERT_TEST_MODEL is not set";
  const TextModel model = load_model(path);
  save_model(model, folder_ / "a.nemo", ModelFormat::kNemo);
  save_model(load_model(folder_ / "a.nemo"), folder_ / "hf", ModelFormat::kHuggingFace);
  save_model(load_model(folder_ / "hf"), folder_ / "st", ModelFormat::kSentenceTransformers);
  save_model(load_model(folder_ / "st"), folder_ / "again", ModelFormat::kHuggingFace);
  save_model(load_model(folder_ / "again"), folder_ / "b.nemo", ModelFormat::kNemo);
  EXPECT_EQ(load_model(folder_ / "again").tokenizer.files(), model.tokenizer.files());

  const Weights before =
      read_safetensors(std::filesystem::path(path) / "model.safetensors").tensors;
  for (const Weight& each : read_safetensors(folder_ / "again" / "model.safetensors").tensors)
    EXPECT_TRUE(is_same(find(before, each.name), each)) << each.name;
}

TEST_F(ModelFilesTest, NemoAndSentenceTransformersKeepEverySetting) {
  TextModel model = load_model(golden("hf"));
  model.head = {.pooling = Pooling::kCls, .dense = {}, .normalizes = false};
  model.card = {.prompts = {{"query", "query: \"ü\"\n"}, {"true", "no"}},
                .default_prompt_name = "query",
                .similarity = Similarity::kDot,
                .max_length = 17};
  for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kSentenceTransformers}) {
    const TextModel back = saved_and_loaded(model, format);
    EXPECT_EQ(back.card.max_length, 17);
    EXPECT_EQ(back.head.pooling, Pooling::kCls);
    EXPECT_FALSE(back.head.normalizes);
    EXPECT_EQ(back.card.prompts, model.card.prompts);
    EXPECT_EQ(back.card.default_prompt_name, "query");
    EXPECT_EQ(back.card.similarity, Similarity::kDot);
  }
}

TEST_F(ModelFilesTest, KeepsActivationDropoutAndEpsilon) {
  for (const Activation activation :
       {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    TextModel model = load_model(golden("hf"));
    BertSizes sizes = bert_sizes(model.encoder);
    sizes.activation = activation;
    sizes.dropout = {.hidden = 0, .attention = 0.25};
    sizes.layernorm_epsilon = 1e-5;
    sizes.type_vocab_size = 1;
    model.encoder = bert_spec(sizes);
    model.weights = zero_weights(model.encoder);
    for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kHuggingFace}) {
      EXPECT_EQ(saved_and_loaded(model, format).encoder, model.encoder);
    }
  }
}

TEST_F(ModelFilesTest, NemoArchiveHoldsWhatNemoWroteItself) {
  save_model(load_model(golden("hf")), folder_ / "ours.nemo", ModelFormat::kNemo);
  const auto tensors_of = [](const std::filesystem::path& path) {
    const auto archive = std::make_shared<const TarArchive>(path);
    return read_torch_zip(archive->members().at("model_weights.ckpt"), {archive});
  };
  const Weights ours = tensors_of(folder_ / "ours.nemo");
  const Weights theirs = tensors_of(golden("legacy.nemo"));
  EXPECT_EQ(ours.size(), theirs.size());
  for (const Weight& each : theirs) {
    const Weight found = find(ours, each.name);
    ASSERT_EQ(found.shape, each.shape) << each.name;
    const bool is_pooler = each.name.find("pooler") != std::string::npos;
    EXPECT_EQ(floats_of(found),
              is_pooler ? std::vector<float>(floats_of(each).size()) : floats_of(each))
        << each.name;
  }
}

TEST_F(ModelFilesTest, SameModelGivesTheSameArchive) {
  const TextModel model = load_model(golden("hf"));
  save_model(model, folder_ / "a.nemo", ModelFormat::kNemo);
  save_model(model, folder_ / "b.nemo", ModelFormat::kNemo);
  EXPECT_EQ(read_file(folder_ / "a.nemo"), read_file(folder_ / "b.nemo"));
}

TEST_F(ModelFilesTest, SaysWhatIsNoModel) {
  EXPECT_THROW(detect_model_format(folder_ / "none"), Error);
  EXPECT_THAT(input_error([&] { load_model(folder_); }),
              HasSubstr("is not a model: a folder needs a modules.json, a config.json or a "
                        "model_config.yaml"));
  std::filesystem::create_directories(folder_ / "2/weights");
  std::filesystem::create_directories(folder_ / "2/context");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "2"); }),
              HasSubstr("is a checkpoint of NeMo 2"));
  write_bytes(folder_ / "x.nemo", "nothing");
  EXPECT_THAT(input_error([&] { load_model(folder_ / "x.nemo"); }), HasSubstr("not a tar archive"));
}

TEST_F(ModelFilesTest, ArchiveWithoutTokenizerSaysHowToGiveOne) {
  EXPECT_THAT(input_error([] { load_model(golden("legacy.nemo")); }),
              HasSubstr("the archive holds no tokenizer, only the name "
                        "intfloat/e5-large-unsupervised; give a folder"));
}

// An archive with this configuration and the tiny model's weights.
class NemoConfigTest : public ModelFilesTest {
 protected:
  void write_changed(const std::string& from, const std::string& to) {
    const TarArchive archive(golden("legacy.nemo"));
    std::string config(archive.members().at("model_config.yaml"));
    const std::size_t at = config.find(from);
    EXPECT_NE(at, std::string::npos);
    config.replace(at, from.size(), to);
    AtomicFile output(folder_ / "x.nemo");
    TarWriter writer(output);
    writer.add("./model_config.yaml", config);
    writer.add("./model_weights.ckpt", archive.members().at("model_weights.ckpt"));
    writer.finish();
    output.commit();
  }
  std::string refusal(const std::string& from, const std::string& to) {
    write_changed(from, to);
    return input_error([&] { load_model(folder_ / "x.nemo", WorkerPool(1), golden("hf")); });
  }
};

TEST_F(NemoConfigTest, NamesTheKey) {
  EXPECT_THAT(refusal("num_layers: 2", "num_layers: two"),
              HasSubstr("x.nemo: model_config.yaml: num_layers must be an integer"));
  EXPECT_THAT(refusal("num_layers: 2", "layers: 2"), HasSubstr("num_layers must be from 1 to"));
  EXPECT_THAT(refusal("mcore_bert: false", "transformer_block_type: pre_ln"),
              HasSubstr("transformer_block_type must be post_ln: pre_ln"));
  EXPECT_THAT(refusal("mcore_bert: false", "activation: swiglu"),
              HasSubstr("activation must be gelu or relu: swiglu"));
  EXPECT_THAT(refusal("mcore_bert: false", "sbert: {version: 2}"),
              HasSubstr("sbert.version must be at most 1"));
  EXPECT_THAT(refusal("mcore_bert: false", "sbert: {vocab_size: 123, pooling: best}"),
              HasSubstr("sbert.pooling is not known: best"));
  EXPECT_THAT(refusal("mcore_bert: false", "sbert: {vocab_size: 123, hidden_act: x}"),
              HasSubstr("hidden_act must be gelu"));
  EXPECT_THAT(refusal("num_layers: 2", "num_layers: 3"),
              HasSubstr("tensors are missing: encoder.layer.2."));
  EXPECT_THAT(refusal("num_layers: 2", "num_layers: 1"),
              HasSubstr("tensors have no place in this encoder: encoder.layer.1."));
  EXPECT_THAT(refusal("ffn_hidden_size: 40", "ffn_hidden_size: 41"),
              HasSubstr("(expected [41, 32], found [40, 32])"));
  EXPECT_THAT(refusal("num_layers: 2", "num_layers: 1000\nx: 1"), HasSubstr("and "));
  EXPECT_THAT(refusal("ffn_hidden_size: 40", "ffn_hidden_size: 1000000"),
              HasSubstr("describes an encoder of 130013600 parameters"));
}

TEST_F(NemoConfigTest, GeluIsTheOneThatNemoComputes) {
  const auto activation = [&](const std::string& keys) {
    write_changed("bias_gelu_fusion: false", keys);
    return load_model(folder_ / "x.nemo", WorkerPool(1), golden("hf"))
        .encoder.layers.at(0)
        .feed_forward.activation;
  };
  EXPECT_EQ(activation("x: 1"), Activation::kGeluTanh) << "fused by default";
  EXPECT_EQ(activation("bias_gelu_fusion: true"), Activation::kGeluTanh);
  EXPECT_EQ(activation("bias_gelu_fusion: false"), Activation::kGelu);
  EXPECT_EQ(activation("bias_activation_fusion: false"), Activation::kGelu);
  EXPECT_EQ(activation("bias_gelu_fusion: false\nopenai_gelu: true"), Activation::kGeluTanh);
  EXPECT_EQ(activation("activation: relu"), Activation::kRelu);
}

TEST_F(ModelFilesTest, ArchiveMembersMustBeThere) {
  AtomicFile output(folder_ / "x.nemo");
  TarWriter writer(output);
  writer.add("./mp_rank_00/model_weights.ckpt", "");
  writer.finish();
  output.commit();
  EXPECT_THAT(input_error([&] { load_model(folder_ / "x.nemo"); }),
              HasSubstr("archive has no member model_config.yaml; it is split over several ranks"));
}

TEST_F(ModelFilesTest, TokenizerMustFitTheEncoder) {
  const std::filesystem::path path = copy_of("hf");
  write_bytes(path / "vocab.txt", read_file(path / "vocab.txt") + "one\ntwo\n");
  EXPECT_THAT(input_error([&] { load_model(path); }),
              HasSubstr("the tokenizer has more ids than the encoder: "));
}

TEST_F(ModelFilesTest, SurvivesDamagedArchives) {
  // The zeros at the end may be cut off: a tar without its end mark is read too.
  std::string bytes = read_file(golden("legacy.nemo"));
  bytes.resize(bytes.find_last_not_of('\0') + 1);
  expect_survives_damage(bytes, 4'099, 100, [&](const std::string& damaged) {
    write_bytes(folder_ / "x.nemo", damaged);
    load_model(folder_ / "x.nemo", WorkerPool(1), golden("hf"));
  });
}

}  // namespace
}  // namespace sbert
