#include "sbert/checkpoint/hugging_face.h"

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <ATen/ATen.h>

#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/sentence_transformers.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

json tiny_config() {
  return json::parse(read_file(golden("hf/config.json")));
}

std::string refusal(const std::string& key, const json& value) {
  json config = tiny_config();
  config[key] = value;
  return input_error([&] { parse_hugging_face_config(config.dump()); });
}

TEST(HuggingFaceConfig, ReadsWhatItWrites) {
  const EncoderConfig config{.vocab_size = 7,
                             .hidden_size = 6,
                             .num_layers = 5,
                             .num_attention_heads = 3,
                             .ffn_hidden_size = 11,
                             .max_position_embeddings = 13,
                             .type_vocab_size = 1,
                             .layernorm_epsilon = 1e-7,
                             .activation = Activation::kGeluTanh,
                             .hidden_dropout = 0.3,
                             .attention_dropout = 0.2};
  const EncoderConfig back =
      parse_hugging_face_config(format_hugging_face_config(config, 0, Precision::k32));
  EXPECT_EQ(back.vocab_size, 7);
  EXPECT_EQ(back.hidden_size, 6);
  EXPECT_EQ(back.num_layers, 5);
  EXPECT_EQ(back.num_attention_heads, 3);
  EXPECT_EQ(back.ffn_hidden_size, 11);
  EXPECT_EQ(back.max_position_embeddings, 13);
  EXPECT_EQ(back.type_vocab_size, 1);
  EXPECT_EQ(back.layernorm_epsilon, 1e-7);
  EXPECT_EQ(back.activation, Activation::kGeluTanh);
  EXPECT_EQ(back.hidden_dropout, 0.3);
  EXPECT_EQ(back.attention_dropout, 0.2);
}

TEST(HuggingFaceConfig, NamesTheKeyThatIsWrong) {
  EXPECT_THAT(refusal("model_type", "roberta"),
              HasSubstr("model_type must be \"bert\", the only one supported: roberta"));
  EXPECT_THAT(refusal("position_embedding_type", "relative_key"),
              HasSubstr("position_embedding_type must be \"absolute\""));
  EXPECT_THAT(refusal("hidden_act", "silu"), HasSubstr("hidden_act must be gelu"));
  EXPECT_THAT(refusal("is_decoder", true), HasSubstr("is_decoder must be false"));
  EXPECT_THAT(refusal("hidden_size", "32"),
              HasSubstr("hidden_size must be an integer of 64 bits, not string"));
  EXPECT_THAT(refusal("hidden_size", 32.5), HasSubstr("hidden_size must be an integer"));
  EXPECT_THAT(refusal("vocab_size", UINT64_MAX), HasSubstr("vocab_size must be an integer"));
  EXPECT_THAT(refusal("vocab_size", -1), HasSubstr("vocab_size must be from 1 to"));
  EXPECT_THAT(refusal("num_hidden_layers", 0), HasSubstr("num_hidden_layers must be from 1 to"));
  EXPECT_THAT(refusal("intermediate_size", 0), HasSubstr("intermediate_size must be from 1 to"));
  EXPECT_THAT(refusal("layer_norm_eps", 2), HasSubstr("layer_norm_eps must be in (0, 1)"));
  EXPECT_THAT(refusal("hidden_dropout_prob", 1),
              HasSubstr("hidden_dropout_prob must be in [0, 1)"));
  EXPECT_THAT(refusal("attention_probs_dropout_prob", -1),
              HasSubstr("attention_probs_dropout_prob must be in [0, 1)"));
  EXPECT_THAT(refusal("layer_norm_eps", "small"), HasSubstr("layer_norm_eps must be a number"));
}

TEST(HuggingFaceConfig, NamesAllMissingKeys) {
  json config = tiny_config();
  config.erase("hidden_size");
  config.erase("type_vocab_size");
  EXPECT_THAT(input_error([&] { parse_hugging_face_config(config.dump()); }),
              HasSubstr("keys are missing: hidden_size, type_vocab_size"));
  EXPECT_THAT(input_error([] { parse_hugging_face_config("{}"); }),
              HasSubstr("model_type is missing"));
  EXPECT_THAT(input_error([] { parse_hugging_face_config("[]"); }), HasSubstr("JSON object"));
}

class HuggingFaceTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    model_ = folder_ / "model";
    std::filesystem::copy(golden("hf"), model_);
  }
  SentenceModel read() { return read_sentence_transformers(model_, {}); }

  std::filesystem::path model_;
};

TEST_F(HuggingFaceTest, SaysThatWeightsAreMissing) {
  std::filesystem::remove(model_ / "model.safetensors");
  EXPECT_THAT(input_error([&] { read_hugging_face(model_, model_); }),
              HasSubstr("neither model.safetensors nor pytorch_model.bin"));
}

TEST_F(HuggingFaceTest, NamesEveryTensorThatIsWrongInOneMessage) {
  NamedTensors tensors = read_safetensors(golden("hf/model.safetensors")).tensors;
  for (NamedTensor& each : tensors) {
    if (each.name == "embeddings.LayerNorm.bias") each.tensor = at::zeros({31});
    if (each.name == "encoder.layer.0.output.dense.bias") each.name = "encoder.layer.9.x";
    if (each.name == "encoder.layer.1.attention.self.key.bias") each.name = "head.bias";
    if (each.name == "encoder.layer.1.output.dense.bias") {
      each.tensor = at::zeros({32}, at::kLong);
    }
  }
  write_safetensors(model_ / "model.safetensors", tensors, {});
  const std::string message = input_error([&] { read_hugging_face(model_, model_); });
  EXPECT_THAT(message, HasSubstr("tensors are missing: encoder.layer.0.output.dense.bias, "
                                 "encoder.layer.1.attention.self.key.bias"));
  EXPECT_THAT(message, HasSubstr("embeddings.LayerNorm.bias (expected [32], found [31])"));
  EXPECT_THAT(message, HasSubstr("encoder.layer.1.output.dense.bias (its type is Long)"));
  EXPECT_THAT(message, HasSubstr("have no place in this encoder: encoder.layer.9.x"));
}

class SentenceTransformersTest : public HuggingFaceTest {
 protected:
  void SetUp() override {
    HuggingFaceTest::SetUp();
    write_sentence_transformers(read_hugging_face(model_, model_), model_, Precision::k32);
  }
  void write(const std::string& file, const json& value) {
    write_bytes(model_ / file, value.dump());
  }
  std::string refusal(const std::string& file, const json& value) {
    const std::string before = read_file(model_ / file);
    write(file, value);
    const std::string message = input_error([&] { read(); });
    write_bytes(model_ / file, before);
    EXPECT_THAT(message, HasSubstr(file));
    return message;
  }
};

json module(const std::string& path, const std::string& type) {
  return {{"path", path}, {"type", type}};
}

TEST_F(SentenceTransformersTest, WritesTheDialectThatAllReadersKnow) {
  const json modules = json::parse(read_file(model_ / "modules.json"));
  ASSERT_EQ(modules.size(), 3U);
  EXPECT_EQ(modules[1]["type"], "sentence_transformers.models.Pooling");
  EXPECT_EQ(modules[2]["path"], "2_Normalize");
  const json pooling = json::parse(read_file(model_ / "1_Pooling/config.json"));
  EXPECT_EQ(pooling["word_embedding_dimension"], 32);
  EXPECT_EQ(pooling["pooling_mode_mean_tokens"], true);
  EXPECT_EQ(pooling["pooling_mode_cls_token"], false);
  const json transformer = json::parse(read_file(model_ / "sentence_bert_config.json"));
  EXPECT_EQ(transformer["max_seq_length"], 32);
  EXPECT_EQ(transformer["do_lower_case"], false);
}

TEST_F(SentenceTransformersTest, ReadsTheDialectOf54AndLater) {
  write(
      "modules.json",
      {module("", "sentence_transformers.base.modules.transformer.Transformer"),
       module("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling")});
  write("1_Pooling/config.json", {{"embedding_dimension", 32}, {"pooling_mode", "cls"}});
  write("sentence_bert_config.json", {{"transformer_task", "feature-extraction"}});
  write("config_sentence_transformers.json",
        {{"prompts", {{"query", "q: "}}}, {"default_prompt_name", "query"}});
  const SentenceModel model = read();
  EXPECT_EQ(model.pooling, Pooling::kCls);
  EXPECT_FALSE(model.normalize);
  EXPECT_EQ(model.max_seq_length, 32) << "the tokenizer's";
  EXPECT_THAT(model.prompts, ElementsAre(Pair("query", "q: ")));
  EXPECT_EQ(model.default_prompt_name, "query");
  EXPECT_EQ(model.similarity, "cosine");
}

TEST_F(SentenceTransformersTest, CutsTheLengthToThePositionsThatThereAre) {
  write("sentence_bert_config.json", {{"max_seq_length", 512}});
  EXPECT_EQ(read().max_seq_length, 40);
  EXPECT_THAT(refusal("sentence_bert_config.json", {{"max_seq_length", 1}}),
              HasSubstr("max_seq_length must be at least 2: 1"));
}

TEST_F(SentenceTransformersTest, LowerCaseIsMootForATokenizerThatLowers) {
  write("sentence_bert_config.json", {{"do_lower_case", true}});
  EXPECT_NO_THROW(read());
  json tokenizer = json::parse(read_file(model_ / "tokenizer_config.json"));
  tokenizer["do_lower_case"] = false;
  write("tokenizer_config.json", tokenizer);
  EXPECT_THAT(input_error([&] { read(); }), HasSubstr("but the tokenizer keeps case"));
}

TEST_F(SentenceTransformersTest, RefusesOtherModules) {
  const json transformer = module("", "sentence_transformers.models.Transformer");
  const json pooling = module("1_Pooling", "sentence_transformers.models.Pooling");
  EXPECT_THAT(refusal("modules.json", {transformer, pooling,
                                       module("2_Dense", "sentence_transformers.models.Dense")}),
              HasSubstr("module 3: only Transformer, Pooling and Normalize are supported, not "
                        "sentence_transformers.models.Dense"));
  EXPECT_THAT(refusal("modules.json", {pooling, transformer}), HasSubstr("in this order"));
  EXPECT_THAT(refusal("modules.json", json::array({transformer})), HasSubstr("in this order"));
  EXPECT_THAT(refusal("modules.json", {module("../other", "x.Transformer"), pooling}),
              HasSubstr("path leaves the model's folder: ../other"));
  EXPECT_THAT(refusal("modules.json", {module("/etc", "x.Transformer"), pooling}),
              HasSubstr("path leaves the model's folder: /etc"));
  EXPECT_THAT(refusal("modules.json", {1}), HasSubstr("module 1: is no object"));
  EXPECT_THAT(refusal("modules.json", json::object()), HasSubstr("must be a list of modules"));
}

TEST_F(SentenceTransformersTest, RefusesOtherPoolings) {
  const std::string file = "1_Pooling/config.json";
  EXPECT_THAT(refusal(file, {{"pooling_mode_cls_token", true}, {"pooling_mode_mean_tokens", true}}),
              HasSubstr("exactly one pooling mode is supported, not 2"));
  EXPECT_THAT(refusal(file, {{"pooling_mode_mean_tokens", false}}),
              HasSubstr("exactly one pooling mode is supported, not 0"));
  EXPECT_THAT(refusal(file, {{"pooling_mode", {"mean", "max"}}}), HasSubstr("not 2"));
  EXPECT_THAT(refusal(file, {{"pooling_mode", "best"}}), HasSubstr("not known: best"));
  EXPECT_THAT(refusal(file, {{"include_prompt", false}}), HasSubstr("include_prompt must be true"));
  EXPECT_THAT(refusal(file, {{"word_embedding_dimension", 31}}),
              HasSubstr("word_embedding_dimension must be the encoder's 32, not 31"));
  std::filesystem::remove(model_ / file);
  EXPECT_THAT(input_error([&] { read(); }), HasSubstr("config.json: is missing"));
}

TEST_F(SentenceTransformersTest, RefusesWrongModelSettings) {
  const std::string file = "config_sentence_transformers.json";
  EXPECT_THAT(refusal(file, {{"prompts", {{"a", 1}}}}), HasSubstr("prompts.a must be a string"));
  EXPECT_THAT(refusal(file, {{"prompts", "a"}}), HasSubstr("prompts must be an object"));
  EXPECT_THAT(refusal(file, {{"default_prompt_name", "x"}}),
              HasSubstr("default_prompt_name is not one of prompts: x"));
  EXPECT_THAT(refusal(file, {{"similarity_fn_name", "x"}}),
              HasSubstr("must be cosine, dot, euclidean or manhattan: x"));
  EXPECT_THAT(refusal(file, {{"truncate_dim", 8}}), HasSubstr("truncate_dim is not supported"));
}

}  // namespace
}  // namespace sbert
