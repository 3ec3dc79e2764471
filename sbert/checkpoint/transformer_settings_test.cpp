#include "sbert/checkpoint/transformer_settings.h"

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using nlohmann::json;

TransformerSettings read(const char* config) {
  return read_transformer_settings(json::parse(config));
}

TEST(TransformerSettings, AreThoseOfAllVersions) {
  EXPECT_FALSE(read("{}").max_seq_length);
  const TransformerSettings old = read(R"({"max_seq_length": 128, "do_lower_case": true})");
  EXPECT_EQ(old.max_seq_length, 128);
  EXPECT_TRUE(old.do_lower_case);
  const TransformerSettings saved_by_6 = read(
      R"({"transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
          "modality_config": {"text": {"method": "forward",
                                       "method_output_name": "last_hidden_state"}}})");
  EXPECT_FALSE(saved_by_6.max_seq_length);
}

TEST(TransformerSettings, WhatTheTokenizerIsGivenGoesOverMaxSeqLength) {
  for (const char* key : {"tokenizer_args", "processor_kwargs"}) {
    const json config{{"max_seq_length", 128}, {key, {{"model_max_length", 64}}}};
    EXPECT_EQ(read_transformer_settings(config).max_seq_length, 64) << key;
  }
  EXPECT_EQ(read(R"({"max_seq_length": 128, "processing_kwargs": {"text": {"max_length": 32}}})")
                .max_seq_length,
            32);
}

TEST(TransformerSettings, WhatChangesNoEmbeddingIsTaken) {
  EXPECT_NO_THROW(read(
      R"({"max_seq_length": null, "unpad_inputs": true, "query_length": null, "model_args": {},
          "model_kwargs": {"torch_dtype": "float16", "attn_implementation": "sdpa"},
          "config_args": {"trust_remote_code": false}, "tokenizer_args": {"use_fast": true},
          "processing_kwargs": {"text": {"padding": "longest", "truncation": true},
                                "chat_template": {"x": 1}, "image": {"size": 3}}})"));
}

TEST(TransformerSettings, WhatWouldChangeAnEmbeddingIsRefusedByName) {
  const auto refusal = [](const char* config) {
    return message_of(ErrorKind::kInput, [&] { read(config); });
  };
  EXPECT_EQ(refusal(R"({"max_seq_length": 1})"), "max_seq_length must be at least 2: 1");
  EXPECT_EQ(refusal(R"({"tokenizer_args": {"do_lower_case": false}})"),
            "tokenizer_args: do_lower_case is not supported: false");
  EXPECT_EQ(refusal(R"({"processor_kwargs": {"truncation_side": "left"}})"),
            "processor_kwargs: truncation_side is not supported: \"left\"");
  EXPECT_EQ(refusal(R"({"processor_kwargs": {"model_max_length": 0}})"),
            "processor_kwargs: model_max_length must be at least 2: 0");
  EXPECT_EQ(refusal(R"({"model_args": {"rope_scaling": {"factor": 2}}})"),
            "model_args: rope_scaling is not supported: {\"factor\":2}");
  EXPECT_EQ(refusal(R"({"config_kwargs": {"num_hidden_layers": 3}})"),
            "config_kwargs: num_hidden_layers is not supported: 3");
  EXPECT_EQ(refusal(R"({"processing_kwargs": {"text": {"add_special_tokens": false}}})"),
            "processing_kwargs: text: add_special_tokens is not supported: false");
  EXPECT_EQ(refusal(R"({"processing_kwargs": {"text": {"truncation": false}}})"),
            "processing_kwargs: text: truncation is not supported: false");
  EXPECT_EQ(refusal(R"({"processing_kwargs": {"texts": {"max_length": 3}}})"),
            "processing_kwargs: texts is not known");
  EXPECT_EQ(refusal(R"({"query_length": 32})"), "query_length is not supported: 32");
  EXPECT_EQ(refusal(R"({"tokenizer_name_or_path": "other"})"),
            "tokenizer_name_or_path is not supported: \"other\"");
  EXPECT_EQ(refusal(R"({"transformer_task": "fill-mask"})"),
            "transformer_task must be feature-extraction, the only one supported: fill-mask");
  EXPECT_EQ(refusal(R"({"modality_config": {"text": {"method": "encode"}}})"),
            "modality_config: text.method must be forward: \"encode\"");
  EXPECT_EQ(refusal(R"({"max_seq_len": 128})"), "max_seq_len is not known");
  EXPECT_EQ(refusal(R"({"model_args": 3})"), "model_args: must be an object, not number");
}

}  // namespace
}  // namespace sbert
