#include "sbert/text/tokenizer_config.h"

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::string error_of(std::string_view config, std::string_view map = "") {
  try {
    read_tokenizer_config({.config = config, .special_map = map});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(TokenizerConfig, WithoutFilesEverythingIsAsForBert) {
  const TokenizerConfig config = read_tokenizer_config({});
  EXPECT_FALSE(config.do_lower_case);
  EXPECT_FALSE(config.strip_accents);
  EXPECT_TRUE(config.tokenize_chinese_chars);
  EXPECT_EQ(config.cls_token, "[CLS]");
  EXPECT_EQ(config.pad_token, "[PAD]");
  EXPECT_EQ(config.model_max_length, 0);
  EXPECT_THAT(config.added_tokens, IsEmpty());
}

TEST(TokenizerConfig, EveryKeyIsRead) {
  const TokenizerConfig config = read_tokenizer_config(
      {.config =
           R"({"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false,
          "unk_token": "<unk>", "sep_token": {"content": "</s>", "lstrip": true},
          "model_max_length": 512, "never_split": null, "truncation_side": "left",
          "tokenizer_class": "PreTrainedTokenizerFast"})"});
  EXPECT_EQ(config.do_lower_case, false);
  EXPECT_EQ(config.strip_accents, true);
  EXPECT_FALSE(config.tokenize_chinese_chars);
  EXPECT_EQ(config.unk_token, "<unk>");
  EXPECT_EQ(config.sep_token, "</s>");
  EXPECT_EQ(config.model_max_length, 512);
  EXPECT_EQ(config.truncates_left, true);
  EXPECT_EQ(config.tokenizer_class, TokenizerClass::kGeneric);
  ASSERT_THAT(config.special_tokens, ElementsAre(Field(&AddedToken::content, "<unk>"),
                                                 Field(&AddedToken::content, "</s>")));
  for (const AddedToken& token : config.special_tokens) {
    EXPECT_TRUE(token.special);
    EXPECT_FALSE(token.normalized);
  }
  EXPECT_TRUE(config.special_tokens[1].lstrip);
}

TEST(TokenizerConfig, TheSpecialTokensMapGoesFirstUnlessAddedTokensAreListed) {
  const std::string_view map = R"({"cls_token": "x", "pad_token": "<p>", "sep_token": null})";
  const TokenizerConfig config = read_tokenizer_config(
      {.config = R"({"cls_token": "<s>", "sep_token": "</s>"})", .special_map = map});
  EXPECT_EQ(config.cls_token, "x");
  EXPECT_EQ(config.pad_token, "<p>");
  EXPECT_EQ(config.sep_token, "</s>");
  const TokenizerConfig listed =
      read_tokenizer_config({.config = R"({"cls_token": "<s>", "added_tokens_decoder": {}})",
                             .special_map = map,
                             .added_tokens = R"({"new": 7})"});
  EXPECT_EQ(listed.cls_token, "<s>");
  EXPECT_EQ(listed.pad_token, "[PAD]");
  EXPECT_THAT(listed.added_tokens, IsEmpty());
}

TEST(TokenizerConfig, AddedTokensComeByRisingId) {
  const TokenizerConfig config =
      read_tokenizer_config({.config =
                                 R"({"cls_token": "[CLS]", "added_tokens_decoder": {
            "1000": {"content": "z"}, "101": {"content": "[CLS]", "special": true}}})"});
  ASSERT_THAT(config.added_tokens,
              ElementsAre(Field(&AddedToken::content, "[CLS]"), Field(&AddedToken::content, "z")));
  EXPECT_EQ(config.added_tokens[0].id, 101);
  EXPECT_FALSE(config.added_tokens[0].normalized);
  EXPECT_TRUE(config.added_tokens[1].normalized);
}

TEST(TokenizerConfig, TheFileOfAddedTokensKnowsWhichAreSpecial) {
  const TokenizerConfig config = read_tokenizer_config(
      {.config = R"({"mask_token": "<m>"})", .added_tokens = R"({"z": 12, "<m>": 11})"});
  ASSERT_THAT(config.added_tokens,
              ElementsAre(Field(&AddedToken::content, "<m>"), Field(&AddedToken::content, "z")));
  EXPECT_TRUE(config.added_tokens[0].special);
  EXPECT_FALSE(config.added_tokens[0].normalized);
  EXPECT_FALSE(config.added_tokens[1].special);
  EXPECT_TRUE(config.added_tokens[1].normalized);
}

TEST(TokenizerConfig, WhatTransformersHeedsAndIsNotSupportedIsRefused) {
  EXPECT_EQ(error_of(R"({"truncation_side": "middle"})"),
            "tokenizer_config.json: truncation_side must be right or left: middle");
  EXPECT_EQ(error_of(R"({"split_special_tokens": true})"),
            "tokenizer_config.json: split_special_tokens is not supported; without it, the "
            "tokenizer is read");
  EXPECT_THAT(error_of(R"({"fast_tokenizer_files": ["tokenizer.4.0.json"]})"),
              HasSubstr("fast_tokenizer_files is not supported"));
  for (const char* name : {"BertJapaneseTokenizer", "MPNetTokenizerFast", "XLMRobertaTokenizer"}) {
    EXPECT_THAT(error_of(concat(R"({"tokenizer_class": ")", name, "\"}")),
                HasSubstr(concat(": ", name)));
  }
  EXPECT_EQ(error_of(R"({"split_special_tokens": false, "init_inputs": [], "vocab": null})"), "");
}

TEST(TokenizerConfig, KeysThatNobodyKnowsAreWarnedOf) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_of(R"({"word_tokens": 1, "padding_side": "left", "strip_accent": true})"), "");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("tokenizer_config.json: keys that are not known change nothing: "
                        "strip_accent, word_tokens"));
}

TEST(TokenizerConfig, AHugeModelMaxLengthMeansNone) {
  const auto length = [](std::string_view config) {
    return read_tokenizer_config({.config = config}).model_max_length;
  };
  EXPECT_EQ(length(R"({"model_max_length": 1000000000000000019884624838656})"), 0);
  EXPECT_EQ(length(R"({"model_max_length": 1000000001})"), 0);
  EXPECT_EQ(length(R"({"model_max_length": 1000000000})"), 1'000'000'000);
  EXPECT_EQ(length(R"({"model_max_length": null})"), 0);
  EXPECT_EQ(length(R"({"max_len": 384})"), 384) << "its older name";
  EXPECT_EQ(length(R"({"max_len": 384, "model_max_length": 256})"), 256);
}

TEST(TokenizerConfig, WrongValuesAreNamedWithTheirFile) {
  EXPECT_EQ(error_of(R"({"do_lower_case": 1})"),
            "tokenizer_config.json: do_lower_case must be true or false, not number");
  EXPECT_EQ(error_of(R"({"model_max_length": 0})"),
            "tokenizer_config.json: model_max_length must be a number of at least 1: 0");
  EXPECT_EQ(error_of(R"({"model_max_length": "x"})"),
            "tokenizer_config.json: model_max_length must be a number of at least 1: \"x\"");
  EXPECT_EQ(error_of("", R"({"cls_token": 3})"),
            "special_tokens_map.json: cls_token: must be an object, not number");
  EXPECT_EQ(error_of(R"({"cls_token": ""})"),
            "tokenizer_config.json: cls_token: must be an object, not string");
  EXPECT_EQ(error_of(R"({"added_tokens_decoder": []})"),
            "tokenizer_config.json: added_tokens_decoder: must be an object, not array");
  EXPECT_EQ(
      error_of(R"({"added_tokens_decoder": {"1x": {"content": "a"}}})"),
      "tokenizer_config.json: added_tokens_decoder: \"1x\": the key of an added token must be "
      "its id");
  EXPECT_THAT(error_of(R"({"added_tokens_decoder": {"99999999": {"content": "a"}}})"),
              HasSubstr("\"99999999\": a token id must be an integer from 0 to 10000000"));
  EXPECT_THAT(error_of("", "{"), HasSubstr("special_tokens_map.json: not valid JSON"));
  EXPECT_EQ(error_of("3"), "tokenizer_config.json: must be a JSON object, not number");
}

}  // namespace
}  // namespace sbert
