#include "sbert/text/tokenizer.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::SizeIs;

constexpr const char* kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\nun\n##aff\n##able\n!\ncafe\n\u65E5\na\n";

Tokenizer tokenizer(const std::string& config = "{}") {
  return Tokenizer({{"vocab.txt", kVocabulary}, {"tokenizer_config.json", config}});
}

Error error_of(TokenizerFiles files) {
  try {
    const Tokenizer made(std::move(files));
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::kInternal, "", {});
}

TEST(Tokenizer, EncodesBetweenTheSpecialTokens) {
  EXPECT_THAT(tokenizer().encode("Hello, WORLD! caf\u00E9\u65E5 unaffable", 64),
              ElementsAre(2, 5, 1, 6, 10, 11, 12, 7, 8, 9, 3));
  EXPECT_THAT(tokenizer().encode("", 64), ElementsAre(2, 3));
}

TEST(Tokenizer, KeepsTheFirstIdsAndTheSpecialTokens) {
  EXPECT_THAT(tokenizer().encode("hello world", 2), ElementsAre(2, 3));
  EXPECT_THAT(tokenizer().encode("hello world", 3), ElementsAre(2, 5, 3));
  EXPECT_THAT(tokenizer().encode("hello world", 4), ElementsAre(2, 5, 6, 3));
  EXPECT_THAT(tokenizer().encode("unaffable", 4), ElementsAre(2, 7, 8, 3));  // within a word
  EXPECT_THAT(tokenizer().encode("a [MASK] [MASK]", 4), ElementsAre(2, 13, 4, 3));
}

TEST(Tokenizer, AMaxLengthWithoutRoomForSpecialTokensIsAUsageError) {
  try {
    tokenizer().encode("a", 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "max_length must be at least 2, for the special tokens: 1");
  }
}

TEST(Tokenizer, SpecialTokensAreCutFromTheRawText) {
  EXPECT_THAT(tokenizer().encode("hello[SEP]world [sep] [MASK]", 64),
              ElementsAre(2, 5, 3, 6, 1, 1, 1, 4, 3));
}

TEST(Tokenizer, BytesThatAreNotUtf8CountAsReplacementCharacters) {
  EXPECT_EQ(tokenizer().encode("hel\xFFlo", 64), tokenizer().encode("hel\uFFFDlo", 64));
  EXPECT_THAT(tokenizer().encode("hel\xFFlo\xE2\x82", 64), ElementsAre(2, 5, 3));
}

TEST(Tokenizer, ALongTextGivesTheIdsOfItsParts) {
  std::string text;
  for (int i = 0; i < 3'000; ++i)
    text += i % 7 == 0 ? "unaffable caf\u00E9\u0301 " : "hello world! ";
  std::vector<std::int32_t> expected{2};
  for (int i = 0; i < 3'000; ++i) {
    for (const std::int32_t id : i % 7 == 0 ? std::vector{7, 8, 9, 11} : std::vector{5, 6, 10}) {
      expected.push_back(id);
    }
  }
  expected.push_back(3);
  EXPECT_EQ(tokenizer().encode(text, 1'000'000), expected);
  expected.resize(999);
  expected.push_back(3);
  EXPECT_EQ(tokenizer().encode(text, 1'000), expected);
}

TEST(Tokenizer, TextsOfTenMegabytesWithoutASpaceAreFine) {
  const Tokenizer subject = tokenizer();
  constexpr std::size_t kBytes = 10'000'000;
  EXPECT_THAT(subject.encode(std::string(kBytes, 'a'), 512), ElementsAre(2, 1, 3));
  EXPECT_THAT(subject.encode(std::string(kBytes, '!'), 512), SizeIs(512));
  EXPECT_THAT(subject.encode(std::string(kBytes, '\x80'), 512), ElementsAre(2, 3));
  std::string marks;  // one run that waits to be put in order
  while (marks.size() < kBytes)
    marks += "\u302E\U0001D165";
  EXPECT_THAT(subject.encode(marks, 512), ElementsAre(2, 1, 3));
}

TEST(Tokenizer, ThreadsEncodeAtOnce) {
  const Tokenizer subject = tokenizer();
  const auto expected = subject.encode("Hello unaffable w\u00F6rld", 64);
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&subject, &expected, &count] {
        for (int i = 0; i < 2'000; ++i) {
          count += subject.encode("Hello unaffable w\u00F6rld", 64) != expected;
        }
      });
    }
  }
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Tokenizer, DecodesWithoutSpecialTokens) {
  const Tokenizer subject = tokenizer();
  EXPECT_EQ(subject.decode(subject.encode("Hello [MASK] unaffable!", 64)), "hello unaffable!");
  EXPECT_EQ(subject.decode({5, -1, 99, 6}), "hello world");  // ids that are none
}

TEST(Tokenizer, TellsAboutItsVocabulary) {
  const Tokenizer subject = tokenizer(R"({"model_max_length": 384})");
  EXPECT_EQ(subject.vocab_size(), 14);
  EXPECT_EQ(subject.model_max_length(), 384);
  EXPECT_EQ(subject.pad_id(), 0);
  EXPECT_EQ(subject.piece(8), "##aff");
  EXPECT_EQ(subject.piece(14), "");
  EXPECT_THAT(subject.files(), ElementsAre(Key("tokenizer_config.json"), Key("vocab.txt")));
}

TEST(Tokenizer, AddedTokensMakeTheVocabularyLarger) {
  const Tokenizer subject =
      tokenizer(R"({"added_tokens_decoder": {"14": {"content": "New"}}, "pad_token": "[MASK]"})");
  EXPECT_EQ(subject.vocab_size(), 15);
  EXPECT_EQ(subject.pad_id(), 4);
  EXPECT_THAT(subject.encode("a new world", 64), ElementsAre(2, 13, 14, 6, 3));
}

TEST(Tokenizer, MovesWithItsState) {
  Tokenizer first = tokenizer();
  Tokenizer second = std::move(first);
  EXPECT_THAT(second.encode("hello [SEP]", 64), ElementsAre(2, 5, 3, 3));
}

// A tokenizer.json of four pieces.
json small_tokenizer_json() {
  return json::parse(
      R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3}},
      "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
      "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]}})");
}

TEST(Tokenizer, FilesThatContradictEachOtherAreRefused) {
  const auto error = [](const char* pointer, const json& value, const char* config) {
    json file = small_tokenizer_json();
    file[json::json_pointer(pointer)] = value;
    return std::string(
        error_of({{"tokenizer.json", file.dump()}, {"tokenizer_config.json", config}}).what());
  };
  EXPECT_EQ(error("/version", 1, R"({"cls_token": "a"})"),
            "tokenizer.json: the special token before a text must be that of "
            "tokenizer_config.json, a: [CLS]");
  EXPECT_EQ(error("/version", 1, R"({"sep_token": "a"})"),
            "tokenizer.json: the special token behind a text must be that of "
            "tokenizer_config.json, a: [SEP]");
  EXPECT_EQ(error("/version", 1, R"({"unk_token": "a"})"),
            "tokenizer.json: the unk_token of the model must be that of tokenizer_config.json, a: "
            "[UNK]");
  EXPECT_THAT(error("/normalizer/clean_text", false, "{}"), HasSubstr("clean_text must be true"));
  EXPECT_EQ(error("/post_processor/cls/1", 3, "{}"),
            "tokenizer.json: post_processor: the id of [CLS] must be that of the vocabulary, 1: 3");
  EXPECT_EQ(
      error("/added_tokens", json::array({{{"content", "a"}}}), R"({"added_tokens_decoder": {}})"),
      "tokenizer.json: added_tokens: \"a\" is not in the added_tokens_decoder of "
      "tokenizer_config.json");
}

TEST(Tokenizer, ALongTextKeepsItsEndWhereTheTruncationSideIsLeft) {
  const Tokenizer subject = tokenizer(R"({"truncation_side": "left"})");
  EXPECT_THAT(subject.encode("hello world unaffable !", 4), ElementsAre(2, 9, 10, 3));
  EXPECT_THAT(subject.encode("hello world", 4), ElementsAre(2, 5, 6, 3));
  EXPECT_THAT(subject.encode("hello world", 2), ElementsAre(2, 3));
}

TEST(Tokenizer, TellsWhetherATextWasCut) {
  for (const char* side : {"left", "right"}) {
    const Tokenizer subject = tokenizer(concat(R"({"truncation_side": ")", side, "\"}"));
    EXPECT_FALSE(subject.tokenize("hello world   ", 4).is_cut);
    EXPECT_TRUE(subject.tokenize("hello world!", 4).is_cut);
    EXPECT_TRUE(subject.tokenize("hello unaffable", 4).is_cut) << "within a word";
    EXPECT_FALSE(subject.tokenize("", 2).is_cut);
    EXPECT_TRUE(subject.tokenize("hello", 2).is_cut);
  }
}

TEST(Tokenizer, IdsThatNoTextReachesDoNotCount) {
  const auto size = [](const std::string& end) {
    return Tokenizer({{"vocab.txt", kVocabulary + end}}).vocab_size();
  };
  EXPECT_EQ(size("\n\n"), 14);
  EXPECT_EQ(size("two words\n"), 14);
  EXPECT_EQ(size("\nword\n"), 16);
}

TEST(Tokenizer, ErrorsNameTheFile) {
  EXPECT_STREQ(error_of({}).what(), "a tokenizer needs a tokenizer.json or a vocab.txt");
  EXPECT_STREQ(error_of({{"vocab.txt", "[CLS]\n[SEP]\n"}}).what(),
               "vocab.txt: unk_token is not in the vocabulary: [UNK]");
  EXPECT_THAT(error_of({{"tokenizer.json", "{}"}}).what(),
              HasSubstr("tokenizer.json: model: only WordPiece is supported, not null"));
  const std::string without_sep =
      R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "[CLS]": 1}},
      "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
      "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]}})";
  EXPECT_STREQ(error_of({{"tokenizer.json", without_sep}}).what(),
               "tokenizer.json: the special token is not in the vocabulary: [SEP]");
}

class TokenizerFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, std::string_view bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "tokenizer_folder";
};

TEST_F(TokenizerFolder, TheFilesOfATokenizerAreReadAndNoOthers) {
  write("vocab.txt", kVocabulary);
  write("tokenizer_config.json", "{}");
  write("added_tokens.json", "{}");
  write("config.json", "{}");
  const TokenizerFiles files = read_tokenizer_files(folder_);
  EXPECT_THAT(
      files, ElementsAre(Key("added_tokens.json"), Key("tokenizer_config.json"), Key("vocab.txt")));
  EXPECT_EQ(files.at("vocab.txt"), kVocabulary);
}

TEST_F(TokenizerFolder, WhereAConfigDisagreesAboutLowerCaseItIsTakenWithAWarning) {
  const std::filesystem::path log = folder_ / "log.txt";
  log_to_file(log.native());
  const Tokenizer subject({{"tokenizer.json", small_tokenizer_json().dump()},
                           {"tokenizer_config.json", R"({"do_lower_case": false})"}});
  log_to_file("");
  EXPECT_THAT(subject.encode("A a", 64), ElementsAre(1, 0, 3, 2));
  EXPECT_THAT(read_file(log), HasSubstr("tokenizer.json says lowercase true, tokenizer_config.json "
                                        "false, which is taken, as transformers does"));
}

TEST_F(TokenizerFolder, AFolderWithoutATokenizerIsRefused) {
  write("tokenizer_config.json", "{}");
  try {
    read_tokenizer_files(folder_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("there is neither a tokenizer.json nor a vocab.txt"));
  }
}

}  // namespace
}  // namespace sbert
