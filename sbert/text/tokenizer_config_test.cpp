#include "sbert/text/tokenizer_config.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::string error_of(std::string_view config, std::string_view map = "") {
  try {
    read_tokenizer_config(config, map);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(TokenizerConfig, WithoutFilesEverythingIsAsForBert) {
  const TokenizerConfig config = read_tokenizer_config("", "");
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
      R"({"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false,
          "unk_token": "<unk>", "sep_token": {"content": "</s>", "lstrip": true},
          "model_max_length": 512, "never_split": null})",
      "");
  EXPECT_EQ(config.do_lower_case, false);
  EXPECT_EQ(config.strip_accents, true);
  EXPECT_FALSE(config.tokenize_chinese_chars);
  EXPECT_EQ(config.unk_token, "<unk>");
  EXPECT_EQ(config.sep_token, "</s>");
  EXPECT_EQ(config.model_max_length, 512);
  ASSERT_THAT(config.added_tokens, ElementsAre(Field(&AddedToken::content, "<unk>"),
                                               Field(&AddedToken::content, "</s>")));
  for (const AddedToken& token : config.added_tokens) {
    EXPECT_TRUE(token.special);
    EXPECT_FALSE(token.normalized);
  }
  EXPECT_TRUE(config.added_tokens[1].lstrip);
}

TEST(TokenizerConfig, TheSpecialTokensMapFillsWhatTheConfigLeavesOut) {
  const TokenizerConfig config =
      read_tokenizer_config(R"({"cls_token": "<s>"})", R"({"cls_token": "x", "pad_token": "<p>"})");
  EXPECT_EQ(config.cls_token, "<s>");
  EXPECT_EQ(config.pad_token, "<p>");
}

TEST(TokenizerConfig, AddedTokensComeByRisingIdAndOnce) {
  const TokenizerConfig config = read_tokenizer_config(
      R"({"cls_token": "[CLS]", "added_tokens_decoder": {
            "1000": {"content": "z"}, "101": {"content": "[CLS]", "special": true}}})",
      "");
  ASSERT_THAT(config.added_tokens,
              ElementsAre(Field(&AddedToken::content, "[CLS]"), Field(&AddedToken::content, "z")));
  EXPECT_EQ(config.added_tokens[0].id, 101);
  EXPECT_FALSE(config.added_tokens[0].normalized);
  EXPECT_TRUE(config.added_tokens[1].normalized);
}

TEST(TokenizerConfig, AHugeModelMaxLengthMeansNone) {
  const auto length = [](std::string_view config) {
    return read_tokenizer_config(config, "").model_max_length;
  };
  EXPECT_EQ(length(R"({"model_max_length": 1000000000000000019884624838656})"), 0);
  EXPECT_EQ(length(R"({"model_max_length": 1000000001})"), 0);
  EXPECT_EQ(length(R"({"model_max_length": 1000000000})"), 1'000'000'000);
  EXPECT_EQ(length(R"({"model_max_length": null})"), 0);
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
