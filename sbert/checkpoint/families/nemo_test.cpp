#include "sbert/checkpoint/families/nemo.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/checkpoint/precision.h"
#include "sbert/checkpoint/test_files.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kLayer = "model.language_model.encoder.layers.0.";

NemoLayout layout_of(const EncoderSpec& spec, NemoForm form) {
  return {.vocab_size = spec.embeddings.vocab_size,
          .type_vocab_size = spec.embeddings.num_types,
          .num_attention_heads = spec.layers.front().attention.num_heads,
          .megatron_legacy = form == NemoForm::kBlocks};
}

class NemoWeights : public ::testing::Test {
 protected:
  void SetUp() override { set_quiet(true); }

  EncoderSpec spec_ = small_spec({.vocab_size = 50, .num_types = 1});
  Weights weights_ = random_weights(spec_);
};

TEST_F(NemoWeights, AreTheSameThroughEveryForm) {
  for (const NemoForm form : {NemoForm::kBlocks, NemoForm::kInterleaved, NemoForm::kMegatronCore}) {
    const Weights tensors = to_nemo(spec_, weights_, form, 16);
    const Weights back = from_nemo(tensors, layout_of(spec_, form));
    ASSERT_EQ(back.size(), weights_.size());
    for (const Weight& each : weights_)
      EXPECT_TRUE(is_same(find(back, each.name), each)) << each.name;
  }
}

TEST_F(NemoWeights, ArePaddedAsNemoWants) {
  const Weights tensors = to_nemo(spec_, weights_, NemoForm::kBlocks, 16);
  const std::string embedding = "model.language_model.embedding.";
  const Weight words = find(tensors, embedding + "word_embeddings.weight");
  EXPECT_EQ(words.shape, (std::vector<std::int64_t>{64, 24}));
  EXPECT_EQ(words.floats()[50 * 24], 0);
  EXPECT_EQ(find(tensors, embedding + "tokentype_embeddings.weight").shape,
            (std::vector<std::int64_t>{2, 24}));
  EXPECT_EQ(floats_of(find(tensors, "model.language_model.pooler.dense.bias")),
            std::vector<float>(24));
}

TEST_F(NemoWeights, OfBlocksAreAllQueriesThenAllKeysThenAllValues) {
  const Weights tensors = to_nemo(spec_, weights_, NemoForm::kBlocks, 1);
  const Weight fused = find(tensors, std::string(kLayer) + "self_attention.query_key_value.weight");
  EXPECT_EQ(fused.shape, (std::vector<std::int64_t>{72, 24}));
  const Weights back = from_nemo(tensors, layout_of(spec_, NemoForm::kBlocks));
  std::size_t part = 0;
  for (const char* name : {"query", "key", "value"}) {
    const Weight found =
        find(back, std::string("encoder.layer.0.attention.self.") + name + ".weight");
    EXPECT_EQ(found.bytes.data(), fused.bytes.data() + part++ * 24 * 24 * sizeof(float))
        << "a view of its third";
  }
}

TEST_F(NemoWeights, OfTheInterleavedFormGoByHeads) {
  const Weights tensors = to_nemo(spec_, weights_, NemoForm::kMegatronCore, 1);
  const std::vector<float> fused =
      floats_of(find(tensors, "model.encoder.layers.1.self_attention.linear_qkv.bias"));
  const std::string self = "encoder.layer.1.attention.self.";
  std::vector<float> expected;
  for (std::ptrdiff_t head = 0; head < 3; ++head) {
    for (const char* name : {"query.bias", "key.bias", "value.bias"}) {
      const std::vector<float> part = floats_of(find(weights_, self + name));
      expected.insert(expected.end(), part.begin() + 8 * head, part.begin() + 8 * (head + 1));
    }
  }
  EXPECT_EQ(fused, expected);
}

TEST_F(NemoWeights, OfABFloat16ModelAreExact) {
  const Weights brain = in_precision(weights_, Precision::kBf16);
  for (const NemoForm form : {NemoForm::kBlocks, NemoForm::kInterleaved}) {
    const Weights tensors = in_precision(to_nemo(spec_, brain, form, 16), Precision::kBf16);
    const Weights back = from_nemo(tensors, layout_of(spec_, form));
    for (const Weight& each : brain)
      EXPECT_TRUE(is_same(find(back, each.name), each)) << each.name;
  }
}

TEST_F(NemoWeights, KnowTheNamesOfEarlierReleases) {
  const auto name_of = [&](const std::string& tensor) {
    const Weights weights = from_nemo({make_weight(tensor, {1}, {1})}, {});
    return weights.empty() ? "" : weights[0].name;
  };
  const std::string expected = "encoder.layer.7.output.LayerNorm.bias";
  for (const char* name :
       {"model.language_model.encoder.layers.7.post_attention_layernorm.bias",
        "model.module.language_model.encoder.layers.7.post_attention_layernorm.bias",
        "bert_model.language_model.transformer.layers.7.post_attention_layernorm.bias",
        "model.encoder.layers.7.post_mlp_layernorm.bias"}) {
    EXPECT_EQ(name_of(name), expected) << name;
  }
  EXPECT_EQ(name_of("model.language_model.encoder.layers.7.attention.dense.bias"),
            "encoder.layer.7.attention.output.dense.bias");
}

TEST_F(NemoWeights, RefuseWhatCannotBeSplitIntoHeads) {
  const std::string name = std::string(kLayer) + "self_attention.query_key_value.bias";
  const Weights fused = {make_weight(name, {12}, counted(12))};
  EXPECT_THAT(
      input_error([&] { from_nemo(fused, {.num_attention_heads = 5, .megatron_legacy = false}); }),
      HasSubstr("query_key_value.bias: the number of rows is not a multiple of 15, for query, key "
                "and value of each head: shape [12]"));
  EXPECT_THAT(input_error([&] { from_nemo({make_weight(name, {}, {1})}, {}); }),
              HasSubstr("shape []"));
  EXPECT_THAT(input_error([] { from_nemo({make_weight("head.weight", {1}, {1})}, {}); }),
              HasSubstr("holds no tensor of an encoder"));
}

TEST_F(NemoWeights, SayTheSizesOfTheTables) {
  const NemoTableSizes sizes = nemo_table_sizes(weights_);
  EXPECT_EQ(sizes.vocab_size, 50);
  EXPECT_EQ(sizes.max_position_embeddings, 20);
  EXPECT_EQ(sizes.type_vocab_size, 1);
  EXPECT_EQ(nemo_table_sizes({}).vocab_size, 0);
}

}  // namespace
}  // namespace sbert
