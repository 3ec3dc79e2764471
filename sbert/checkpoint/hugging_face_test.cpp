#include "sbert/checkpoint/hugging_face.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/checkpoint/families/bert.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/sentence_transformers.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/torch_zip.h"

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
  const EncoderSpec spec = bert_spec({.vocab_size = 7,
                                      .hidden_size = 6,
                                      .num_layers = 5,
                                      .num_attention_heads = 3,
                                      .ffn_hidden_size = 11,
                                      .max_position_embeddings = 13,
                                      .type_vocab_size = 1,
                                      .layernorm_epsilon = 1e-7,
                                      .activation = Activation::kGeluTanh,
                                      .dropout = {.hidden = 0.3, .attention = 0.2}});
  const std::string config = format_hugging_face_config(spec, 0, Precision::k32);
  EXPECT_EQ(parse_hugging_face_config(config), spec);
  EXPECT_EQ(json::parse(config)["num_hidden_layers"], 5);
  EXPECT_EQ(json::parse(config)["attention_probs_dropout_prob"], 0.2);
}

TEST(HuggingFaceConfig, RefusesToWriteWhatTheFamilyDoesNotHave) {
  const auto refused = [](const auto& change) {
    EncoderSpec spec = bert_spec({});
    change(spec);
    return input_error([&] { format_hugging_face_config(spec, 0, Precision::k32); });
  };
  EXPECT_THAT(refused([](EncoderSpec& spec) { spec.has_final_norm = true; }),
              HasSubstr("has_final_norm is not one that BERT has"));
  EXPECT_THAT(refused([](EncoderSpec& spec) { spec.layers[1].attention.window = 8; }),
              HasSubstr("layers is not one that BERT has"));
  EXPECT_THAT(refused([](EncoderSpec& spec) { spec.family = "x"; }),
              HasSubstr("the only one supported: x"));
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
  TextModel read() { return read_sentence_transformers(model_, {}, pool_); }

  WorkerPool pool_{1};
  std::filesystem::path model_;
};

TEST_F(HuggingFaceTest, SaysThatWeightsAreMissing) {
  std::filesystem::remove(model_ / "model.safetensors");
  EXPECT_THAT(input_error([&] { read_hugging_face(model_, model_, pool_); }),
              HasSubstr("neither model.safetensors nor pytorch_model.bin"));
}

TEST_F(HuggingFaceTest, NamesEveryTensorThatIsWrongInOneMessage) {
  Weights tensors = read_safetensors(golden("hf/model.safetensors")).tensors;
  for (Weight& each : tensors) {
    if (each.name == "embeddings.LayerNorm.bias") each = make_weight(each.name, {31}, counted(31));
    if (each.name == "encoder.layer.0.output.dense.bias") each.name = "encoder.layer.9.x";
    if (each.name == "encoder.layer.1.attention.self.key.bias") each.name = "head.bias";
    if (each.name == "encoder.layer.1.output.dense.bias") {
      each = weight_of(each.name, ElementType::kInt64, {32}, std::vector<std::int64_t>(32));
    }
  }
  write_safetensors(model_ / "model.safetensors", tensors, {});
  const std::string message = input_error([&] { read_hugging_face(model_, model_, pool_); });
  EXPECT_THAT(message, HasSubstr("tensors are missing: encoder.layer.0.output.dense.bias, "
                                 "encoder.layer.1.attention.self.key.bias"));
  EXPECT_THAT(message, HasSubstr("embeddings.LayerNorm.bias (expected [32], found [31])"));
  EXPECT_THAT(message, HasSubstr("encoder.layer.1.output.dense.bias (its type is int64)"));
  EXPECT_THAT(message, HasSubstr("have no place in this encoder: encoder.layer.9.x"));
}

class SentenceTransformersTest : public HuggingFaceTest {
 protected:
  void SetUp() override {
    HuggingFaceTest::SetUp();
    write_sentence_transformers(read_hugging_face(model_, model_, pool_), model_, Precision::k32);
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
  const TextModel model = read();
  EXPECT_EQ(model.head.pooling, Pooling::kCls);
  EXPECT_FALSE(model.head.normalizes);
  EXPECT_EQ(model.card.max_length, 32) << "the tokenizer's";
  EXPECT_THAT(model.card.prompts, ElementsAre(Pair("query", "q: ")));
  EXPECT_EQ(model.card.default_prompt_name, "query");
  EXPECT_EQ(model.card.similarity, Similarity::kCosine);
}

TEST_F(SentenceTransformersTest, CutsTheLengthToThePositionsThatThereAre) {
  write("sentence_bert_config.json", {{"max_seq_length", 512}});
  EXPECT_EQ(read().card.max_length, 40);
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
  EXPECT_THAT(refusal("modules.json",
                      {transformer, pooling, module("2_CNN", "sentence_transformers.models.CNN")}),
              HasSubstr("module 3: only Transformer, Pooling, Dense, Dropout and Normalize of "
                        "sentence_transformers are supported, not "
                        "sentence_transformers.models.CNN"));
  for (const char* foreign :
       {"my_code.Pooling", "Pooling", "sentence_transformers.sparse_encoder.models.Pooling",
        "sentence_transformers.models.a.b.Pooling", "x.sentence_transformers.models.Pooling"}) {
    EXPECT_THAT(refusal("modules.json", {transformer, module("1_Pooling", foreign)}),
                HasSubstr("module 2: only Transformer, "))
        << foreign;
  }
  EXPECT_THAT(refusal("modules.json", {pooling, transformer}), HasSubstr("in this order"));
  EXPECT_THAT(refusal("modules.json", json::array({transformer})), HasSubstr("in this order"));
  for (const std::string place : {"../other", "/etc"}) {
    EXPECT_THAT(refusal("modules.json", {module(place, "x.Transformer"), pooling}),
                HasSubstr("path leaves the model's folder: " + place));
  }
  EXPECT_THAT(refusal("modules.json", {1}), HasSubstr("module 1: is not an object"));
  EXPECT_THAT(refusal("modules.json", json::object()), HasSubstr("must be a list of modules"));
}

TEST_F(SentenceTransformersTest, DropoutBehindThePoolingChangesNothing) {
  const json transformer = module("", "sentence_transformers.models.Transformer");
  const json pooling = module("1_Pooling", "sentence_transformers.models.Pooling");
  const json dropout = module("2_Dropout", "sentence_transformers.models.Dropout");
  write("modules.json", {transformer, pooling, dropout, dropout});
  EXPECT_FALSE(read().head.normalizes);
  EXPECT_THAT(refusal("modules.json", {transformer, dropout, pooling}), HasSubstr("in this order"));
}

TEST_F(SentenceTransformersTest, NormalizesOnlyTheEmbeddingOfASentence) {
  std::filesystem::create_directories(model_ / "2_Normalize");
  write("2_Normalize/config.json", {{"module_input_name", "sentence_embedding"}});
  EXPECT_TRUE(read().head.normalizes);
  EXPECT_THAT(refusal("2_Normalize/config.json", {{"module_input_name", "token_embeddings"}}),
              HasSubstr("module_input_name must be sentence_embedding: token_embeddings"));
}

TEST_F(SentenceTransformersTest, OtherKindsOfModelsAreRefused) {
  EXPECT_THAT(refusal("config_sentence_transformers.json", {{"model_type", "SparseEncoder"}}),
              HasSubstr("model_type must be SentenceTransformer, the only one supported: "
                        "SparseEncoder"));
}

TEST_F(SentenceTransformersTest, TheSettingsOfTheTransformerMayHaveTheirOldName) {
  std::filesystem::rename(model_ / "sentence_bert_config.json",
                          model_ / "sentence_roberta_config.json");
  write("sentence_roberta_config.json", {{"max_seq_length", 17}});
  EXPECT_EQ(read().card.max_length, 17);
}

TEST_F(HuggingFaceTest, TheTokenizerClassOfTheModelCountsUnlessTheTokenizerNamesOne) {
  json config = tiny_config();
  config["tokenizer_class"] = "BertJapaneseTokenizer";
  write_bytes(model_ / "config.json", config.dump());
  EXPECT_NO_THROW(read_hugging_face(model_, model_, pool_));
  json tokenizer = json::parse(read_file(model_ / "tokenizer_config.json"));
  tokenizer.erase("tokenizer_class");
  write_bytes(model_ / "tokenizer_config.json", tokenizer.dump());
  EXPECT_THAT(input_error([&] { read_hugging_face(model_, model_, pool_); }),
              HasSubstr("config.json: tokenizer_class is not supported"));
}

class DenseTest : public SentenceTransformersTest {
 protected:
  void SetUp() override {
    SentenceTransformersTest::SetUp();
    saved_ = read();
    std::vector<float> values(8 * 32);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i) / 8;
    saved_->head.dense.push_back({.weight = make_weight("a", {8, 32}, values),
                                  .bias = make_weight("b", {8}, counted(8)),
                                  .activation = Activation::kTanh});
    saved_->head.dense.push_back({.weight = make_weight("c", {64, 8}, counted(64 * 8)),
                                  .bias = std::nullopt,
                                  .activation = Activation::kIdentity});
    save_model(*saved_, model_, ModelFormat::kSentenceTransformers);
  }

  std::optional<TextModel> saved_;
};

TEST_F(DenseTest, LayersAreReadAsTheyWereWritten) {
  const TextModel back = read();
  EXPECT_EQ(embedding_width(back), 64);
  ASSERT_EQ(back.head.dense.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const DenseLayer& layer = back.head.dense[i];
    EXPECT_TRUE(is_same(layer.weight, saved_->head.dense[i].weight));
    EXPECT_EQ(layer.activation, saved_->head.dense[i].activation);
  }
  EXPECT_TRUE(is_same(back.head.dense[0].bias.value(), *saved_->head.dense[0].bias));
  EXPECT_FALSE(back.head.dense[1].bias.has_value());
  const json modules = json::parse(read_file(model_ / "modules.json"));
  ASSERT_EQ(modules.size(), 5U);
  EXPECT_EQ(modules[3]["path"], "3_Dense");
  EXPECT_EQ(modules[4]["path"], "4_Normalize");
}

TEST_F(DenseTest, WithoutAnActivationItIsTanh) {
  write("3_Dense/config.json", {{"in_features", 8}, {"out_features", 64}, {"bias", false}});
  EXPECT_EQ(read().head.dense[1].activation, Activation::kTanh);
}

TEST_F(DenseTest, NamesWhatIsWrong) {
  const json config = json::parse(read_file(model_ / "2_Dense/config.json"));
  const auto with = [&](const char* key, const json& value) {
    json changed = config;
    changed[key] = value;
    return refusal("2_Dense/config.json", changed);
  };
  EXPECT_THAT(with("activation_function", "torch.nn.Softplus"),
              HasSubstr("activation_function must be one of torch.nn.modules.linear.Identity"));
  EXPECT_THAT(with("use_residual", true), HasSubstr("use_residual must be false"));
  EXPECT_THAT(with("module_input_name", "token_embeddings"),
              HasSubstr("module_input_name must be \"sentence_embedding\""));
  EXPECT_THAT(with("in_features", 31), HasSubstr("in_features must be the 32 dimensions"));
  EXPECT_THAT(with("out_features", 0), HasSubstr("out_features must be from 1 to"));
  json wider = config;
  wider["out_features"] = 9;
  write("2_Dense/config.json", wider);
  EXPECT_THAT(
      input_error([&] { read(); }),
      HasSubstr("2_Dense: tensor linear.weight: expected the shape [9, 32], found [8, 32]"));
  std::filesystem::remove(model_ / "2_Dense/config.json");
  EXPECT_THAT(input_error([&] { read(); }), HasSubstr("2_Dense/config.json: is missing"));
}

TEST_F(DenseTest, OtherFormsCannotHoldThem) {
  EXPECT_THAT(input_error([&] { save_model(*saved_, folder_ / "x.nemo", ModelFormat::kNemo); }),
              HasSubstr("a .nemo cannot hold Dense layers"));
  EXPECT_THAT(input_error([&] { save_model(*saved_, folder_ / "hf", ModelFormat::kHuggingFace); }),
              HasSubstr("a Hugging Face folder cannot hold Dense layers"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.nemo"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "hf"));
}

TEST_F(DenseTest, IsWrittenInThePrecisionOfTheModel) {
  save_model(*saved_, folder_ / "half", {.precision = Precision::kBf16});
  const DenseLayer layer = load_model(folder_ / "half").head.dense.at(0);
  EXPECT_EQ(layer.weight.type, ElementType::kBFloat16);
  EXPECT_EQ(layer.bias.value().type, ElementType::kBFloat16);
}

TEST_F(DenseTest, RefusesToWriteAnActivationThatHasNoClass) {
  saved_->head.dense[0].activation = Activation::kGeluTanh;
  EXPECT_THAT(
      input_error([&] { save_model(*saved_, folder_ / "x", ModelFormat::kSentenceTransformers); }),
      HasSubstr("a Dense module of sentence-transformers cannot name the activation"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
}

TEST_F(DenseTest, IsReadFromPytorchModelBin) {
  const Weights tensors = read_safetensors(model_ / "2_Dense/model.safetensors").tensors;
  std::filesystem::remove(model_ / "2_Dense/model.safetensors");
  std::string bytes;
  write_torch_zip(tensors, [&](std::string_view part) { bytes += part; });
  write_bytes(model_ / "2_Dense/pytorch_model.bin", bytes);
  EXPECT_TRUE(is_same(read().head.dense.at(0).weight, saved_->head.dense[0].weight));
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
