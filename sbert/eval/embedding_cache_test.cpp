#include "sbert/eval/embedding_cache.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// The vector of a text is its length and its first byte.
class CachedEmbeddingsTest : public testing::Test {
 protected:
  CachedEmbeddingsTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("cache_") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    set_quiet(true);
  }
  ~CachedEmbeddingsTest() override { fs::remove_all(folder_); }

  CachedEncoder encoder(const std::string& model = "model") {
    return {.embed =
                [this](const std::vector<std::string>& texts, TextRole, const auto& on_progress) {
                  if (++num_calls_ == fail_at_call_) fail(ErrorKind::kCancelled, "stopped");
                  FloatMatrix rows(static_cast<std::int64_t>(texts.size()), 2);
                  for (std::size_t i = 0; i < texts.size(); ++i) {
                    const auto row = rows.row(static_cast<std::int64_t>(i));
                    row[0] = static_cast<float>(texts[i].size());
                    row[1] = texts[i].empty() ? -1.0F : static_cast<float>(texts[i][0]);
                    encoded_.push_back(texts[i].substr(0, 10));
                  }
                  on_progress(rows.rows);
                  return rows;
                },
            .similarity = "dot",
            .columns = 2,
            .identity =
                [model](TextRole role) {
                  return content_hash(model + std::to_string(static_cast<int>(role)));
                },
            .description = "model: of the test\n"};
  }

  // Any files will do: their bytes are what counts.
  void write_model_files() const {
    fs::create_directories(folder_ / "model");
    std::ofstream(folder_ / "model/config.json") << "{}";
    std::ofstream(folder_ / "model/model.safetensors") << "weights";
  }

  fs::path folder_;
  std::vector<std::string> encoded_;
  int num_calls_ = 0;
  int fail_at_call_ = -1;
};

TEST_F(CachedEmbeddingsTest, WhatIsThereIsNotEncodedAgain) {
  const std::vector<std::string> texts{"a", "bb", ""};
  FloatMatrix first;
  {
    CachedEmbeddings cached(encoder(), folder_);
    first = cached.embed(texts, TextRole::kQuery);
    EXPECT_THAT(first.values, ElementsAre(1, 'a', 2, 'b', 0, -1));
    EXPECT_EQ(cached.similarity(), "dot");
  }
  encoded_.clear();
  CachedEmbeddings cached(encoder(), folder_);
  EXPECT_EQ(cached.embed(texts, TextRole::kQuery).values, first.values);
  EXPECT_THAT(encoded_, ElementsAre());
  EXPECT_THAT(cached.embed({"ccc", "bb", "a"}, TextRole::kQuery).values,
              ElementsAre(3, 'c', 2, 'b', 1, 'a'));
  EXPECT_THAT(encoded_, ElementsAre("ccc"));
  EXPECT_EQ(cached.num_found(), 5);
  EXPECT_EQ(cached.num_encoded(), 1);
}

TEST_F(CachedEmbeddingsTest, EqualTextsAreEncodedOnce) {
  CachedEmbeddings cached(encoder(), folder_);
  EXPECT_THAT(cached.embed({"a", "bb", "a", "a"}, TextRole::kQuery).values,
              ElementsAre(1, 'a', 2, 'b', 1, 'a', 1, 'a'));
  EXPECT_THAT(encoded_, ElementsAre("a", "bb"));
  EXPECT_THAT(cached.embed({"a", "a"}, TextRole::kQuery).values, ElementsAre(1, 'a', 1, 'a'));
  EXPECT_THAT(encoded_, ElementsAre("a", "bb"));
}

TEST_F(CachedEmbeddingsTest, NoTextsAreNoWork) {
  CachedEmbeddings cached(encoder(), folder_);
  EXPECT_EQ(cached.embed({}, TextRole::kQuery).rows, 0);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(CachedEmbeddingsTest, AnotherModelOrRoleHasItsOwn) {
  CachedEmbeddings(encoder("one"), folder_).embed({"a"}, TextRole::kQuery);
  CachedEmbeddings(encoder("two"), folder_).embed({"a"}, TextRole::kQuery);
  CachedEmbeddings(encoder("one"), folder_).embed({"a"}, TextRole::kDocument);
  EXPECT_THAT(encoded_, ElementsAre("a", "a", "a"));
  CachedEmbeddings(encoder("two"), folder_).embed({"a"}, TextRole::kQuery);
  EXPECT_EQ(encoded_.size(), 3U);
}

TEST_F(CachedEmbeddingsTest, AStopLeavesThePiecesBefore) {
  // Each text is longer than a piece.
  std::vector<std::string> texts;
  for (const char c : {'a', 'b', 'c'})
    texts.emplace_back(64U << 20, c);
  fail_at_call_ = 3;
  {
    CachedEmbeddings cached(encoder(), folder_);
    EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { cached.embed(texts, TextRole::kQuery); }),
              "stopped");
  }
  encoded_.clear();
  CachedEmbeddings cached(encoder(), folder_);
  cached.embed(texts, TextRole::kQuery);
  EXPECT_THAT(encoded_, ElementsAre("cccccccccc"));
}

TEST_F(CachedEmbeddingsTest, ACacheThatCannotBeWrittenOnlyWarns) {
  std::ofstream(folder_.string()) << "a file";
  CachedEmbeddings cached(encoder(), folder_);
  testing::internal::CaptureStderr();
  EXPECT_THAT(cached.embed({"a"}, TextRole::kQuery).values, ElementsAre(1, 'a'));
  EXPECT_THAT(cached.embed({"b"}, TextRole::kQuery).values, ElementsAre(1, 'b'));
  const std::string warning = testing::internal::GetCapturedStderr();
  const std::string expected = "the embedding cache cannot be written; going on without: ";
  ASSERT_THAT(warning, HasSubstr(expected));
  EXPECT_EQ(warning.find(expected), warning.rfind(expected));
}

TEST_F(CachedEmbeddingsTest, TheFolderTellsPeopleWhatItIs) {
  CachedEmbeddings(encoder(), folder_).embed({"a"}, TextRole::kQuery);
  std::ifstream about(folder_ / content_hash("model0").hex() / "about.txt");
  std::string line;
  std::getline(about, line);
  EXPECT_EQ(line, "model: of the test");
}

TEST_F(CachedEmbeddingsTest, AModelOnDiskIsKnownByContentPromptLengthAndPrecision) {
  SentenceModel model = letter_model();
  model.prompts = {{"query", "q "}};
  write_model_files();
  const auto identity = [&](const ModelEmbeddingsOptions& options, const std::string& precision) {
    const ModelEmbeddings embeddings(model, options);
    return cached_encoder(embeddings, folder_ / "model", precision, folder_)
        .identity(TextRole::kQuery);
  };
  const ContentHash usual = identity({}, "32");
  EXPECT_EQ(identity({}, "32"), usual);
  EXPECT_EQ(identity({.query_prompt_name = "query"}, "32"), usual);
  EXPECT_EQ(identity({.max_length = 64, .threads = 1}, "32"), usual);
  EXPECT_NE(identity({.max_length = 63}, "32"), usual);
  EXPECT_NE(identity({}, "bf16-mixed"), usual);
  model.prompts["query"] = "r ";
  EXPECT_NE(identity({}, "32"), usual);
  model.prompts["query"] = "q ";
  std::ofstream(folder_ / "model/config.json", std::ios::app) << "\n";
  EXPECT_NE(identity({}, "32"), usual);
}

TEST_F(CachedEmbeddingsTest, OfAModelAreTheModelsOwn) {
  const SentenceModel model = letter_model();
  write_model_files();
  ModelEmbeddings embeddings(model);
  const std::vector<std::string> texts{"a b", "c d e", "a b"};
  const FloatMatrix expected = embeddings.embed(texts, TextRole::kSymmetric);
  for (int i = 0; i < 2; ++i) {
    CachedEmbeddings cached(cached_encoder(embeddings, folder_ / "model", "32", folder_), folder_);
    EXPECT_EQ(cached.embed(texts, TextRole::kSymmetric).values, expected.values);
    EXPECT_EQ(cached.num_encoded(), i == 0 ? 2 : 0);
  }
}

TEST(DefaultEmbeddingCacheFolder, IsByTheEnvironment) {
  for (const char* name : {"SBERT_CACHE", "XDG_CACHE_HOME", "HOME"})
    ::unsetenv(name);
  EXPECT_THAT(message_of(ErrorKind::kUsage, [] { default_embedding_cache_folder(); }),
              HasSubstr("no folder for the embedding cache"));
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/home/me/.cache/sbert/embeddings");
  ::setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/cache/sbert/embeddings");
  ::setenv("SBERT_CACHE", "", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/cache/sbert/embeddings");
  ::setenv("SBERT_CACHE", "/ours", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/ours/embeddings");
  ::unsetenv("SBERT_CACHE");
  ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace sbert
