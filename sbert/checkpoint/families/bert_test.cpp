#include "sbert/checkpoint/families/bert.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "sbert/checkpoint/test_files.h"
#include "sbert/model/parameter_specs.h"

namespace sbert {
namespace {

TEST(FindFamily, ListsThoseItKnows) {
  EXPECT_EQ(&find_family("bert"), &kBertFamily);
  EXPECT_EQ(input_error([] { find_family("Bert"); }),
            "model_type must be \"bert\", the only one supported: Bert");
}

TEST(BertFamily, NamesAreThoseOfTheParameters) {
  for (const ParameterSpec& each : parameter_specs(bert_spec({.num_layers = 2}))) {
    EXPECT_EQ(kBertFamily.parameter_name(each.name), each.name);
    EXPECT_EQ(kBertFamily.tensor_name(each.name), each.name);
  }
}

TEST(BertFamily, LeavesOutWhatAnEmbeddingDoesNotNeed) {
  for (const char* name :
       {"embeddings.position_ids", "embeddings.token_type_ids", "pooler.dense.weight",
        "cls.predictions.decoder.weight", "cls.predictions.transform.LayerNorm.gamma"}) {
    EXPECT_EQ(kBertFamily.parameter_name(name), std::nullopt) << name;
  }
}

TEST(BertFamily, KnowsTheOldNamesOfLayerNorms) {
  const auto name = [](const char* tensor) { return kBertFamily.parameter_name(tensor); };
  EXPECT_EQ(name("embeddings.LayerNorm.gamma"), "embeddings.LayerNorm.weight");
  EXPECT_EQ(name("embeddings.LayerNorm.beta"), "embeddings.LayerNorm.bias");
  EXPECT_EQ(name("encoder.layer.11.attention.output.LayerNorm.gamma"),
            "encoder.layer.11.attention.output.LayerNorm.weight");
  EXPECT_EQ(name("encoder.layer.0.output.LayerNorm.beta"), "encoder.layer.0.output.LayerNorm.bias");
  EXPECT_EQ(name("encoder.layer.0.output.dense.gamma"), "encoder.layer.0.output.dense.gamma");
}

Weight one(const std::string& name) {
  return make_weight(name, {1}, {1});
}

TEST(FromFamily, TakesWhatStandsBeforeAllNamesAway) {
  set_quiet(true);
  for (const std::string prefix : {"", "bert.", "module.", "model.", "0.auto_model.",
                                   "module.bert.", "model.bert.", "_orig_mod.", "text_encoder."}) {
    const Weights weights =
        from_family(kBertFamily, {one(prefix + "embeddings.word_embeddings.weight"),
                                  one(prefix + "embeddings.LayerNorm.gamma"),
                                  one(prefix + "pooler.dense.weight"), one("cls.bias"),
                                  one(prefix + "encoder.x"), one("2.linear.weight")});
    ASSERT_EQ(weights.size(), 3U) << prefix;
    EXPECT_EQ(weights[0].name, "embeddings.word_embeddings.weight");
    EXPECT_EQ(weights[1].name, "embeddings.LayerNorm.weight");
    EXPECT_EQ(weights[2].name, "encoder.x");
  }
}

TEST(FromFamily, RefusesTwoEncodersByName) {
  const std::string name = "embeddings.word_embeddings.weight";
  EXPECT_THAT(input_error([&] {
                from_family(kBertFamily, {one("question." + name), one("context." + name)});
              }),
              testing::EndsWith("begin with: context., question."));
  EXPECT_THAT(input_error([&] { from_family(kBertFamily, {one(name), one("bert." + name)}); }),
              testing::HasSubstr("several encoders"));
}

TEST(FromFamily, RefusesTwoTensorsForOneParameter) {
  EXPECT_EQ(input_error([&] {
              from_family(kBertFamily,
                          {one("embeddings.LayerNorm.gamma"), one("embeddings.LayerNorm.weight")});
            }),
            "two tensors are the encoder's embeddings.LayerNorm.weight: "
            "embeddings.LayerNorm.gamma and embeddings.LayerNorm.weight");
}

TEST(BertSpec, IsTheReverseOfBertSizes) {
  const BertSizes sizes{.vocab_size = 7,
                        .hidden_size = 6,
                        .num_layers = 5,
                        .num_attention_heads = 3,
                        .ffn_hidden_size = 11,
                        .max_position_embeddings = 13,
                        .type_vocab_size = 1,
                        .layernorm_epsilon = 1e-7,
                        .activation = Activation::kRelu,
                        .dropout = {.hidden = 0.3, .attention = 0.2}};
  const EncoderSpec spec = bert_spec(sizes);
  EXPECT_NO_THROW(spec.validate());
  EXPECT_EQ(bert_spec(bert_sizes(spec)), spec);
  EXPECT_EQ(spec.max_length, 13);
  EXPECT_EQ(spec.layers.at(4).attention.head_dim, 2);
  EXPECT_DOUBLE_EQ(spec.layers.at(4).attention.scale, 0.7071067811865475);
}

TEST(BertSizes, NameTheFieldThatBertDoesNotHave) {
  const auto refused = [](const auto& change) {
    EncoderSpec spec = bert_spec({});
    change(spec);
    return input_error([&] { bert_sizes(spec); });
  };
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.embeddings.padding_id = 1; }),
            "embeddings is not one that BERT has");
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.order = NormOrder::kPre; }),
            "norm is not one that BERT has");
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.position_bias.kind = PositionBias::kAlibi; }),
            "position_bias is not one that BERT has");
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.layers[3].feed_forward.is_gated = true; }),
            "layers is not one that BERT has");
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.max_length = 0; }),
            "max_length is not one that BERT has");
  EXPECT_EQ(refused([](EncoderSpec& spec) { spec.layers.clear(); }),
            "num_layers must be from 1 to 1000: 0");
}

TEST(BertSizes, NameTheMemberThatIsOutOfRange) {
  const auto refused = [](const BertSizes& sizes) {
    return input_error([&] { sizes.validate(); });
  };
  EXPECT_EQ(refused({.ffn_hidden_size = 0}), "ffn_hidden_size must be from 1 to 1048576: 0");
  EXPECT_EQ(refused({.hidden_size = 10, .num_attention_heads = 3}),
            "hidden_size must be a multiple of num_attention_heads: 10 and 3");
  EXPECT_EQ(refused({.layernorm_epsilon = 1}), "layernorm_epsilon must be in (0, 1): 1");
  EXPECT_EQ(refused({.dropout = {.attention = 1}}), "attention_dropout must be in [0, 1): 1");
}

}  // namespace
}  // namespace sbert
