#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/error.h"
#include "sbert/text/tokenizer_definition.h"

namespace sbert {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

json valid() {
  return json::parse(R"({
    "truncation": {"max_length": 128}, "padding": "not looked at",
    "added_tokens": [{"id": 1, "content": "[CLS]", "single_word": false, "lstrip": false,
                      "rstrip": true, "normalized": false, "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": false},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "</s>", "type_id": 0}}]},
    "decoder": {"type": "WordPiece", "prefix": "@@", "cleanup": false},
    "model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "@@",
              "max_input_chars_per_word": 50, "vocab": {"<unk>": 0, "[CLS]": 1}}})");
}

// `valid()` with the value at a JSON pointer replaced.
json with(const char* pointer, const json& value) {
  json changed = valid();
  changed[json::json_pointer(pointer)] = value;
  return changed;
}

std::string error_of(std::string_view bytes) {
  try {
    read_tokenizer_json(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}
std::string error_of(const json& file) {
  return error_of(std::string_view(file.dump()));
}

TEST(TokenizerJson, EveryKeyIsRead) {
  const TokenizerDefinition definition = read_tokenizer_json(valid().dump());
  EXPECT_THAT(definition.vocabulary, SizeIs(2));
  EXPECT_EQ(definition.model.unk_token, "<unk>");
  EXPECT_EQ(definition.model.continuing_subword_prefix, "@@");
  EXPECT_EQ(definition.model.max_input_chars_per_word, 50);
  EXPECT_FALSE(definition.normalizer.clean_text);
  EXPECT_TRUE(definition.normalizer.handle_chinese_chars);
  EXPECT_FALSE(definition.normalizer.strip_accents);
  EXPECT_FALSE(definition.normalizer.lowercase);
  EXPECT_EQ(definition.cls_token, "<s>");
  EXPECT_EQ(definition.sep_token, "</s>");
  EXPECT_EQ(definition.decoder.prefix, "@@");
  EXPECT_FALSE(definition.decoder.cleanup);
  ASSERT_THAT(definition.added_tokens, SizeIs(1));
  const AddedToken& token = definition.added_tokens[0];
  EXPECT_EQ(token.content, "[CLS]");
  EXPECT_EQ(token.id, 1);
  EXPECT_TRUE(token.rstrip);
  EXPECT_FALSE(token.lstrip);
  EXPECT_FALSE(token.normalized);
  EXPECT_TRUE(token.special);
}

TEST(TokenizerJson, TheDirectionOfItsTruncationIsRead) {
  EXPECT_FALSE(read_tokenizer_json(valid().dump()).truncates_left);
  EXPECT_TRUE(read_tokenizer_json(with("/truncation/direction", "Left").dump()).truncates_left);
  EXPECT_EQ(error_of(with("/truncation/direction", "Up")),
            "truncation: direction must be Right or Left: Up");
}

TEST(TokenizerJson, StripAccentsFollowsLowercaseUnlessItIsGiven) {
  EXPECT_TRUE(
      read_tokenizer_json(with("/normalizer/lowercase", true).dump()).normalizer.strip_accents);
  EXPECT_TRUE(
      read_tokenizer_json(with("/normalizer/strip_accents", true).dump()).normalizer.strip_accents);
}

TEST(TokenizerJson, ASequenceOfOneAndBertProcessingAreTaken) {
  json file = valid();
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", {file["normalizer"]}}};
  file["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {file["pre_tokenizer"]}}};
  file["post_processor"] = {{"type", "BertProcessing"}, {"sep", {"[E]", 1}}, {"cls", {"[B]", 0}}};
  file["decoder"] = nullptr;
  const TokenizerDefinition definition = read_tokenizer_json(file.dump());
  EXPECT_FALSE(definition.normalizer.clean_text);
  EXPECT_EQ(definition.cls_token, "[B]");
  EXPECT_EQ(definition.sep_token, "[E]");
  EXPECT_FALSE(definition.decoder.joins_pieces);
}

TEST(TokenizerJson, WhatIsNotSupportedIsNamedWithWhatIs) {
  EXPECT_EQ(error_of(with("/model/type", "BPE")), "model: only WordPiece is supported, not BPE");
  EXPECT_EQ(error_of(with("/model", nullptr)), "model: only WordPiece is supported, not null");
  EXPECT_EQ(error_of(with("/normalizer/type", "NFKC")),
            "normalizer: only BertNormalizer is supported, not NFKC");
  EXPECT_EQ(error_of(with("/normalizer", {{"type", "Sequence"}, {"normalizers", json::array()}})),
            "normalizer: only a Sequence of one is supported");
  EXPECT_EQ(error_of(with("/pre_tokenizer/type", "Whitespace")),
            "pre_tokenizer: only BertPreTokenizer is supported, not Whitespace");
  EXPECT_EQ(error_of(with("/post_processor", nullptr)),
            "post_processor: only TemplateProcessing is supported, not null");
  EXPECT_EQ(error_of(with("/decoder/type", "ByteLevel")),
            "decoder: only WordPiece is supported, not ByteLevel");
}

TEST(TokenizerJson, OnlyTheTemplateOfBertIsSupported) {
  const char* expected =
      "post_processor: single: only a template of a special token, the text, a special token is "
      "supported";
  EXPECT_EQ(error_of(with("/post_processor/single", json::array())), expected);
  EXPECT_EQ(error_of(with("/post_processor/single", 3)), expected);
  EXPECT_EQ(error_of(with("/post_processor/single/1/Sequence/id", "B")), expected);
  EXPECT_EQ(error_of(with("/post_processor/single/0", "x")), expected);
  EXPECT_EQ(error_of(with("/post_processor/single/2", {{"Sequence", {{"id", "A"}}}})), expected);
  EXPECT_EQ(error_of(with("/post_processor", {{"type", "BertProcessing"}, {"cls", {"[CLS]"}}})),
            "post_processor: cls must be a token and its id");
  for (const char* place : {"/post_processor/single/0/SpecialToken/type_id",
                            "/post_processor/single/1/Sequence/type_id",
                            "/post_processor/single/2/SpecialToken/type_id"}) {
    EXPECT_EQ(error_of(with(place, 1)),
              "post_processor: single: type_id must be 0, the only one supported: 1");
  }
  EXPECT_EQ(error_of(with("/post_processor/special_tokens", {{"<s>", {{"ids", {1, 2}}}}})),
            "post_processor: special_tokens: \"<s>\" must stand for one id: [1,2]");
}

TEST(TokenizerJson, TheVocabularyIsCheckedPieceByPiece) {
  EXPECT_EQ(error_of(with("/model/vocab", json::array())),
            "model: vocab: must be an object of pieces and ids, not array");
  EXPECT_EQ(error_of(with("/model/vocab/a", -1)),
            "model: vocab: \"a\": a token id must be an integer from 0 to 10000000: -1");
  for (const json& id : {json(10'000'001), json(1.5), json("1"), json(nullptr), json(1e300)}) {
    EXPECT_THAT(error_of(with("/model/vocab/a", id)),
                HasSubstr("a token id must be an integer from 0 to 10000000: " + id.dump()));
  }
  EXPECT_EQ(error_of(with("/model/vocab/a", 10'000'000)), "");
}

TEST(TokenizerJson, AValueOfTheWrongTypeIsNamed) {
  EXPECT_EQ(error_of(with("/normalizer/lowercase", "yes")),
            "normalizer: lowercase must be true or false, not string");
  EXPECT_EQ(error_of(with("/model/unk_token", 3)), "model: unk_token must be a string, not number");
  EXPECT_EQ(error_of(with("/model/max_input_chars_per_word", -5)),
            "model: max_input_chars_per_word must be an integer from 0 to 1000000: -5");
  EXPECT_EQ(error_of(with("/added_tokens", 3)), "added_tokens: must be an array, not number");
  EXPECT_EQ(error_of(with("/added_tokens/1", "x")),
            "added_tokens: record 2: must be an object, not string");
  EXPECT_EQ(error_of(with("/added_tokens/0/content", "")),
            "added_tokens: record 1: content is missing or empty");
}

TEST(TokenizerJson, BytesThatAreNoJsonObjectAreRefused) {
  EXPECT_EQ(error_of(std::string_view("[1]")), "must be a JSON object, not array");
  const std::string whole = valid().dump();
  EXPECT_THAT(error_of(std::string_view(whole).substr(0, whole.size() / 2)),
              HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of(std::string_view("")), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of(std::string_view("{\"a\": \"\xC3(\"}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of(std::string_view(std::string(1'000'000, '['))), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace sbert
