#include "sbert/checkpoint/model_files.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <ATen/ATen.h>

#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/mapped_tensor.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/tar_archive.h"
#include "sbert/checkpoint/tar_writer.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/torch_zip.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// The names of parameters whose bytes differ.
std::vector<std::string> differing_parameters(const SentenceModel& a, const SentenceModel& b) {
  std::vector<std::string> names;
  const NamedTensors left = a.encoder.parameters();
  const NamedTensors right = b.encoder.parameters();
  EXPECT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (!at::equal(left[i].tensor, right[i].tensor)) names.push_back(left[i].name);
  }
  return names;
}

class ModelFilesTest : public FolderTest {
 protected:
  SentenceModel saved_and_loaded(const SentenceModel& model, ModelFormat format) {
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
  const SentenceModel model = load_model(golden("hf"));
  const EncoderConfig& config = model.encoder.config();
  EXPECT_EQ(config.hidden_size, 32);
  EXPECT_EQ(config.ffn_hidden_size, 40);
  EXPECT_EQ(model.max_seq_length, 32) << "model_max_length of tokenizer_config.json";
  EXPECT_EQ(model.pooling, Pooling::kMean);
  EXPECT_TRUE(model.normalize);
  EXPECT_THAT(model.prompts, IsEmpty());

  // bert. prefix, float16, torch.save
  EXPECT_THAT(differing_parameters(load_model(golden("hf_bin")), model), IsEmpty());
  for (const char* name : {"legacy.nemo", "legacy_gzip.nemo", "interleaved_gzip.nemo"}) {
    const SentenceModel nemo = load_model(golden(name), golden("hf"));
    EXPECT_THAT(differing_parameters(nemo, model), IsEmpty()) << name;
    EXPECT_EQ(nemo.encoder.config().vocab_size, config.vocab_size) << name;
    EXPECT_THAT(nemo.prompts, ElementsAre(Pair("passage", "passage: "), Pair("query", "query: ")));
  }
}

TEST_F(ModelFilesTest, FusesQueryKeyAndValueInThisOrder) {
  const NamedTensors file = read_safetensors(golden("hf/model.safetensors")).tensors;
  const auto tensor = [&](const std::string& name) {
    return std::ranges::find(file, name, &NamedTensor::name)->tensor;
  };
  const std::string self = "encoder.layer.1.attention.self.";
  const SentenceModel model = load_model(golden("hf"));
  const NamedTensors parameters = model.encoder.parameters();
  EXPECT_TRUE(
      at::equal(std::ranges::find(parameters, self + "qkv.weight", &NamedTensor::name)->tensor,
                at::cat({tensor(self + "query.weight"), tensor(self + "key.weight"),
                         tensor(self + "value.weight")})));
}

TEST_F(ModelFilesTest, EveryFormIsReadBackToTheSameModel) {
  SentenceModel model = load_model(golden("hf"));
  const TokenizerFiles tokenizer = model.tokenizer.files();
  for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kHuggingFace,
                                   ModelFormat::kSentenceTransformers, ModelFormat::kHuggingFace}) {
    const SentenceModel back = saved_and_loaded(model, format);
    EXPECT_THAT(differing_parameters(model, back), IsEmpty());
    EXPECT_EQ(back.tokenizer.files(), tokenizer);
    EXPECT_EQ(back.max_seq_length, 32);
    EXPECT_EQ(back.encoder.config().layernorm_epsilon, 1e-12);
  }
}

// Set SBERT_TEST_MODEL to a model folder whose weights are float32 in model.safetensors.
TEST_F(ModelFilesTest, RealModelKeepsItsBytesThroughEveryForm) {
  const char* path = std::getenv("SBERT_TEST_MODEL");
  if (path == nullptr) GTEST_SKIP() << "SBERT_TEST_MODEL is not set";
  const SentenceModel model = load_model(path);
  save_model(model, folder_ / "a.nemo", ModelFormat::kNemo);
  save_model(load_model(folder_ / "a.nemo"), folder_ / "hf", ModelFormat::kHuggingFace);
  save_model(load_model(folder_ / "hf"), folder_ / "st", ModelFormat::kSentenceTransformers);
  save_model(load_model(folder_ / "st"), folder_ / "again", ModelFormat::kHuggingFace);
  save_model(load_model(folder_ / "again"), folder_ / "b.nemo", ModelFormat::kNemo);
  EXPECT_EQ(load_model(folder_ / "again").tokenizer.files(), model.tokenizer.files());

  const NamedTensors before =
      read_safetensors(std::filesystem::path(path) / "model.safetensors").tensors;
  const NamedTensors after = read_safetensors(folder_ / "again" / "model.safetensors").tensors;
  for (const NamedTensor& each : after) {
    const auto found = std::ranges::find(before, each.name, &NamedTensor::name);
    ASSERT_NE(found, before.end()) << each.name;
    EXPECT_EQ(bytes_of(found->tensor), bytes_of(each.tensor)) << each.name;
  }
}

TEST_F(ModelFilesTest, NemoAndSentenceTransformersKeepEverySetting) {
  SentenceModel model = load_model(golden("hf"));
  model.max_seq_length = 17;
  model.pooling = Pooling::kCls;
  model.normalize = false;
  model.prompts = {{"query", "query: \"ü\"\n"}, {"true", "no"}};
  model.default_prompt_name = "query";
  model.similarity = "dot";
  for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kSentenceTransformers}) {
    const SentenceModel back = saved_and_loaded(model, format);
    EXPECT_EQ(back.max_seq_length, 17);
    EXPECT_EQ(back.pooling, Pooling::kCls);
    EXPECT_FALSE(back.normalize);
    EXPECT_EQ(back.prompts, model.prompts);
    EXPECT_EQ(back.default_prompt_name, "query");
    EXPECT_EQ(back.similarity, "dot");
  }
}

TEST_F(ModelFilesTest, KeepsActivationDropoutAndEpsilon) {
  for (const Activation activation :
       {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    SentenceModel model = load_model(golden("hf"));
    EncoderConfig config = model.encoder.config();
    config.activation = activation;
    config.attention_dropout = 0.25;
    config.hidden_dropout = 0;
    config.layernorm_epsilon = 1e-5;
    config.type_vocab_size = 1;
    model.encoder = BertEncoder(config);
    for (const ModelFormat format : {ModelFormat::kNemo, ModelFormat::kHuggingFace}) {
      const SentenceModel back = saved_and_loaded(model, format);
      EXPECT_EQ(back.encoder.config().activation, activation);
      EXPECT_EQ(back.encoder.config().attention_dropout, 0.25);
      EXPECT_EQ(back.encoder.config().hidden_dropout, 0);
      EXPECT_EQ(back.encoder.config().layernorm_epsilon, 1e-5);
      EXPECT_EQ(back.encoder.config().type_vocab_size, 1);
    }
  }
}

TEST_F(ModelFilesTest, NemoArchiveHoldsWhatNemoWroteItself) {
  save_model(load_model(golden("hf")), folder_ / "ours.nemo", ModelFormat::kNemo);
  const auto tensors_of = [](const std::filesystem::path& path) {
    const auto archive = std::make_shared<const TarArchive>(path);
    return read_torch_zip(archive->members().at("model_weights.ckpt"), archive);
  };
  const NamedTensors ours = tensors_of(folder_ / "ours.nemo");
  const NamedTensors theirs = tensors_of(golden("legacy.nemo"));
  EXPECT_EQ(ours.size(), theirs.size());
  for (const NamedTensor& each : theirs) {
    const auto found = std::ranges::find(ours, each.name, &NamedTensor::name);
    ASSERT_NE(found, ours.end()) << each.name;
    ASSERT_EQ(found->tensor.sizes(), each.tensor.sizes()) << each.name;
    const bool is_pooler = each.name.find("pooler") != std::string::npos;
    EXPECT_TRUE(at::equal(found->tensor, is_pooler ? at::zeros_like(each.tensor) : each.tensor))
        << each.name;
  }
}

TEST_F(ModelFilesTest, SameModelGivesTheSameArchive) {
  const SentenceModel model = load_model(golden("hf"));
  save_model(model, folder_ / "a.nemo", ModelFormat::kNemo);
  save_model(model, folder_ / "b.nemo", ModelFormat::kNemo);
  EXPECT_EQ(read_file(folder_ / "a.nemo"), read_file(folder_ / "b.nemo"));
}

TEST_F(ModelFilesTest, SavingReplacesAFolderWhole) {
  const std::filesystem::path path = copy_of("hf");
  write_bytes(path / "stale.txt", "x");
  save_model(load_model(path), path, ModelFormat::kSentenceTransformers);
  EXPECT_FALSE(std::filesystem::exists(path / "stale.txt"));
  EXPECT_EQ(detect_model_format(path), ModelFormat::kSentenceTransformers);
}

TEST_F(ModelFilesTest, SaysWhatIsNoModel) {
  EXPECT_THROW(detect_model_format(folder_ / "none"), Error);
  EXPECT_THAT(input_error([&] { load_model(folder_); }),
              HasSubstr("is no model: a folder needs a modules.json, a config.json or a "
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
    TarWriter writer(folder_ / "x.nemo");
    writer.add("./model_config.yaml", config);
    writer.add("./model_weights.ckpt", archive.members().at("model_weights.ckpt"));
    writer.commit();
  }
  std::string refusal(const std::string& from, const std::string& to) {
    write_changed(from, to);
    return input_error([&] { load_model(folder_ / "x.nemo", golden("hf")); });
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
              HasSubstr("describes an encoder of 128"));
}

TEST_F(NemoConfigTest, GeluIsTheOneThatNemoComputes) {
  const auto activation = [&](const std::string& keys) {
    write_changed("bias_gelu_fusion: false", keys);
    return load_model(folder_ / "x.nemo", golden("hf")).encoder.config().activation;
  };
  EXPECT_EQ(activation("x: 1"), Activation::kGeluTanh) << "fused by default";
  EXPECT_EQ(activation("bias_gelu_fusion: true"), Activation::kGeluTanh);
  EXPECT_EQ(activation("bias_gelu_fusion: false"), Activation::kGelu);
  EXPECT_EQ(activation("bias_activation_fusion: false"), Activation::kGelu);
  EXPECT_EQ(activation("bias_gelu_fusion: false\nopenai_gelu: true"), Activation::kGeluTanh);
  EXPECT_EQ(activation("activation: relu"), Activation::kRelu);
}

TEST_F(ModelFilesTest, ArchiveMembersMustBeThere) {
  TarWriter writer(folder_ / "x.nemo");
  writer.add("./mp_rank_00/model_weights.ckpt", "");
  writer.commit();
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
    load_model(folder_ / "x.nemo", golden("hf"));
  });
}

}  // namespace
}  // namespace sbert
